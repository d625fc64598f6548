// What can go wrong.
import type { ErrorBody, ErrorCode } from "./generated.js";

/**
 * What only a client can find wrong: no answer came in time (whether the command was carried out is
 * not known), the client or the table was closed, what answers is no Meeple server, or too much waits.
 */
export type ClientErrorCode = "connection_lost" | "closed" | "invalid_answer" | "too_many_commands";

/** The server refused, or could not be asked. `code` is stable; `message` is for people. */
export class MeepleError extends Error {
  /** One of the protocol's words, or of this client's; a newer server may have more. */
  readonly code: ErrorCode | ClientErrorCode | (string & {});
  /** The same may succeed later, unchanged. */
  readonly retryable: boolean;

  constructor({ code, message, retryable }: ErrorBody, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "MeepleError";
    this.code = code;
    this.retryable = retryable;
  }

  /** From the ack of a refusal, on the socket and on REST alike. */
  static of(answer: unknown): MeepleError {
    const error = (answer as { error?: Partial<ErrorBody> } | null | undefined)?.error;
    if (typeof error?.code !== "string") {
      return new MeepleError({
        code: "invalid_answer",
        message: "This is not a Meeple server's answer.",
        retryable: false,
      });
    }
    const { code, message = "", retryable = false } = error;
    return new MeepleError({ code, message, retryable });
  }
}

/** No answer came in time. */
export const lost = (cause?: unknown): MeepleError =>
  new MeepleError(
    {
      code: "connection_lost",
      message: "The server does not answer at the moment.",
      retryable: true,
    },
    cause,
  );

/** It was closed here. */
export const closed = (what: string): MeepleError =>
  new MeepleError({ code: "closed", message: `This ${what} was closed.`, retryable: false });
