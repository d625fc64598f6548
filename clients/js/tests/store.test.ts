import { expect, test } from "vitest";
import { Store } from "../src/store.js";

test("a subscriber is called at once and at every change, until it ends that", () => {
  const store = new Store(1);
  const seen: number[] = [];
  const stop = store.subscribe((value) => seen.push(value));
  store.set(2);
  stop();
  store.set(3);
  expect(seen).toEqual([1, 2]);
});

test("the snapshot is the same object until it changes", () => {
  const first = { a: 1 };
  const store = new Store(first);
  expect(store.getSnapshot()).toBe(first);
  const again: unknown[] = [];
  store.subscribe((value) => again.push(value));
  store.set(first);
  expect(again).toEqual([first]);
});

test("its functions work without it, as a user interface calls them", () => {
  const { subscribe, getSnapshot } = new Store("x");
  const seen: string[] = [];
  subscribe((value) => seen.push(value))();
  expect([getSnapshot(), ...seen]).toEqual(["x", "x"]);
});

test("one listener that subscribed twice ends one subscription at a time", () => {
  const store = new Store(0);
  const seen: number[] = [];
  const listener = (value: number): void => void seen.push(value);
  const [stop] = [store.subscribe(listener), store.subscribe(listener)];
  stop();
  stop();
  store.set(1);
  expect(seen).toEqual([0, 0, 1]);
});

test("a listener may change the value: nobody is told of the old one after the new", () => {
  const store = new Store(0);
  const seen: number[] = [];
  store.subscribe((value) => {
    if (value === 1) store.set(2);
  });
  store.subscribe((value) => seen.push(value));
  store.set(1);
  expect(seen).toEqual([0, 2]);
});
