/** What is shown at one address. */
export interface Page {
  stop(): void;
}
