import { expect, test } from "vitest";
import { readClock, remaining, stopped } from "../src/clock.js";
import { ServerTime } from "../src/server_time.js";

const clocks = { running: [0], remaining: [60_000, 30_000], due_at: 61_000 };
const game = { clock: clocks, server_time: 1_000 };

test("a running clock runs by the server's time, and one that stands does not", () => {
  expect(remaining(game, 0, 1_000)).toBe(60_000);
  expect(remaining(game, 0, 11_500)).toBe(49_500);
  expect(remaining(game, 1, 11_500)).toBe(30_000);
});

test("no clock shows less than nothing, nor more than the server said", () => {
  expect(remaining(game, 0, 100_000)).toBe(0);
  expect(remaining(game, 0, 500)).toBe(60_000);
});

test("a paused clock runs from the end of the pause", () => {
  const paused = { ...game, clock: { ...clocks, paused_until: 5_000 } };
  expect(remaining(paused, 0, 4_000)).toBe(60_000);
  expect(remaining(paused, 0, 6_000)).toBe(59_000);
});

test("a clock that waits for a first action shows no change", () => {
  const first = { ...game, clock: { ...clocks, first_move: [0] } };
  expect(remaining(first, 0, 31_000)).toBe(60_000);
});

test("a simple delay passes before the main time runs", () => {
  const delayed = { ...game, clock: { ...clocks, delay: [5_000, 0] } };
  expect(readClock(delayed, 0, 4_000)).toMatchObject({ remaining: 60_000, delay: 2_000 });
  expect(readClock(delayed, 0, 8_000)).toMatchObject({ remaining: 58_000, delay: 0 });
});

test.each([
  [10_000, { remaining: 1, periods: 3, inPeriod: false }],
  [10_001, { remaining: 30_000, periods: 3, inPeriod: true }],
  [50_001, { remaining: 20_000, periods: 2, inPeriod: true }],
  [100_000, { remaining: 1, periods: 1, inPeriod: true }],
  [100_001, { remaining: 0, periods: 0, inPeriod: true }],
])("after the main time come the periods of byo-yomi: at %i", (now, shown) => {
  const control = { kind: "byo_yomi", main: 10, periods: 3, period: 30 };
  const at = { running: [0], remaining: [10_000], periods: [3], in_period: [false], control };
  expect(readClock({ clock: at, server_time: 1 }, 0, now)).toMatchObject(shown);
  // From what is shown at any time, the rest follows as well.
  const later = readClock({ clock: at, server_time: 1 }, 0, 35_001);
  const from = {
    ...at,
    remaining: [later!.remaining],
    periods: [later!.periods],
    in_period: [true],
  };
  if (now > 35_001) {
    expect(readClock({ clock: from, server_time: 35_001 }, 0, now)).toMatchObject(shown);
  }
});

test("a game without time control has no clocks", () => {
  expect(remaining({ clock: null, server_time: 0 }, 0, 0)).toBeNull();
  expect(remaining(game, 7, 0)).toBeNull();
});

test("clocks that were stopped stay as they were", () => {
  const over = { ...game, clock: stopped(game, 11_000) };
  expect([0, 1].map((seat) => remaining(over, seat, 99_000))).toEqual([50_000, 30_000]);
});

test("the shortest of the last round trips says how far the server is ahead", () => {
  const time = new ServerTime();
  expect(time.offset).toBe(0);
  time.add(1_000, 1_200, 6_190); // slow, and most of it on the way there
  expect(time.offset).toBe(5_090);
  time.add(2_000, 2_010, 7_005);
  expect(time.offset).toBe(5_000);
  time.add(3_000, 3_300, 8_250);
  expect(time.offset).toBe(5_000);
});

test("a round trip that cannot agree with the others says that a clock was set", () => {
  const time = new ServerTime();
  time.add(1_000, 1_010, 6_005);
  time.add(2_000, 2_200, 2_100);
  expect(time.offset).toBe(0);
});
