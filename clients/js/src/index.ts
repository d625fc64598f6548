/** Play on a Meeple server: exactly-once actions, reconnection, a typed store for each table. */
export { Client, connect, type ClientOptions, type Parts } from "./client.js";
export type { ActOptions, CommandOptions, EventPayload } from "./commands.js";
export { readClock, remaining, type Clocked, type ClockReading, type Clocks } from "./clock.js";
export { MeepleError, type ClientErrorCode } from "./errors.js";
export type * from "./generated.js";
export type { ConnectionState, Status } from "./link.js";
export { Rest, type GameQuery, type RestOptions } from "./rest.js";
export type { CommandEvent, Game, Pending, TableState } from "./state.js";
export type { Readable } from "./store.js";
export { Table } from "./table.js";
export type { Timing } from "./timing.js";
export type { TokenSource } from "./token.js";
export type { Connection, Listener, Transport, TransportName } from "./transport.js";
