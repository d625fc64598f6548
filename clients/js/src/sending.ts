// Sending once.
import { MeepleError } from "./errors.js";
import type { Connection } from "./transport.js";

/** The connection went before the answer came. */
export class Dropped extends Error {}

/**
 * The answer; throws `MeepleError` if it is a refusal, `Dropped` if there is none. A connection that
 * does not answer in time is closed: on one that lives nothing gets lost, so it is dead.
 */
export function sendOnce<Answer>(
  connection: Connection,
  event: string,
  payload: object,
  timeout: number,
  onAnswer?: (answer: Answer) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    connection.send(event, payload, timeout, (error, answer) => {
      if (error !== null) {
        reject(new Dropped(error.message));
        connection.close();
      } else if ((answer as { ok?: unknown } | null)?.ok === true) {
        onAnswer?.(answer as Answer);
        resolve(answer as Answer);
      } else {
        reject(MeepleError.of(answer));
      }
    });
  });
}
