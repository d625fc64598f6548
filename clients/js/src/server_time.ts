// What time it is at the server.

interface Sample {
  /** The server's time less this machine's. */
  readonly offset: number;
  readonly roundTrip: number;
}

const SAMPLES = 8;

/**
 * How far the server's time is ahead of this machine's.
 *
 * Of the last round trips the shortest is believed: the server's time was read somewhere between its
 * two ends, so it is wrong by half of it at most.
 */
export class ServerTime {
  #samples: readonly Sample[] = [];

  /** A round trip: this machine's time when it asked and when it was answered, and the answer. */
  add(askedAt: number, answeredAt: number, serverTime: number): void {
    const roundTrip = Math.max(0, answeredAt - askedAt);
    const sample = { offset: serverTime - (askedAt + roundTrip / 2), roundTrip };
    const best = this.#best();
    // Both cannot be right: this machine's clock was set, or it has slept.
    const contradicts =
      best !== undefined &&
      Math.abs(best.offset - sample.offset) > (best.roundTrip + sample.roundTrip) / 2 + 1;
    this.#samples = contradicts ? [sample] : [...this.#samples.slice(1 - SAMPLES), sample];
  }

  /** Milliseconds to add to this machine's time; 0 while nothing is known. */
  get offset(): number {
    return this.#best()?.offset ?? 0;
  }

  #best(): Sample | undefined {
    return this.#samples.reduce<Sample | undefined>(
      (best, one) => (best === undefined || one.roundTrip <= best.roundTrip ? one : best),
      undefined,
    );
  }
}
