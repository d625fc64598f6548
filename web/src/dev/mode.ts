// Whether the server runs for authors. It says so in a header of the page, so that nobody has to ask.
const [page] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];

export const devMode: boolean = page?.serverTiming?.some(({ name }) => name === "meeple-dev") ?? false;
