/** Storage that forgets instead of failing where the browser allows none. */
export class Shelf {
  #storage: Storage | null = null;
  readonly #memory = new Map<string, string>();

  constructor(open: () => Storage) {
    try {
      this.#storage = open();
    } catch {
      // Cookies and storage are switched off.
    }
  }

  get(key: string): string | null {
    return this.#storage ? this.#storage.getItem(key) : (this.#memory.get(key) ?? null);
  }

  set(key: string, text: string): void {
    this.#memory.set(key, text);
    try {
      this.#storage?.setItem(key, text);
    } catch {
      this.#storage = null;
    }
  }
}

export const browser = new Shelf(() => localStorage);
export const tab = new Shelf(() => sessionStorage);
