/** The whole address of a server, with a slash at its end; on a page, from where the page is. */
export function serverAddress(url: string): string {
  const page = typeof location === "undefined" ? undefined : location.href;
  const { origin, pathname } = new URL(url, page);
  return `${origin}${pathname.replace(/\/*$/, "/")}`;
}
