// JSON as a tree that can be searched.
import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { isRecord } from "../boards/model";
import type { Json } from "../wire";
import { joined } from "./changes";

/** Items of a list or an object that are shown at once. */
const MOST = 200;
/** How deep it is open at first. */
const OPEN = 2;
/** Items of what is open at first below the root, at most. */
const FEW = 12;

const parts = (value: Json): [string | number, Json][] =>
  Array.isArray(value) ? value.map((one, at) => [at, one]) : isRecord(value) ? Object.entries(value) : [];

const plain = (value: Json): boolean => parts(value).length === 0;
const oneLine = (value: Json): boolean =>
  plain(value) || (Array.isArray(value) && value.every(plain) && JSON.stringify(value).length < 60);

function holds(value: Json, path: string, words: string): boolean {
  if (path.toLowerCase().includes(words)) return true;
  if (plain(value)) return JSON.stringify(value).toLowerCase().includes(words);
  return parts(value).some(([key, one]) => holds(one, joined(path, key), words));
}

interface NodeProps {
  name: string | number | null;
  path: string;
  value: Json;
  words: string;
  changed: ReadonlySet<string>;
  depth: number;
}

function Node({ name, path, value, words, changed, depth }: NodeProps) {
  const [open, setOpen] = useState(depth === 0 || (depth < OPEN && parts(value).length <= FEW));
  const [all, setAll] = useState(false);
  const label = name === null ? null : <span class="key">{name}</span>;
  const mark = changed.has(path) ? "changed" : "";
  if (oneLine(value)) {
    return (
      <li class={`leaf ${mark}`} data-path={path}>
        {label} <code class={value === null ? "null" : typeof value}>{JSON.stringify(value)}</code>
      </li>
    );
  }
  const found = words ? parts(value).filter(([key, one]) => holds(one, joined(path, key), words)) : parts(value);
  const shown = all ? found : found.slice(0, MOST);
  const isOpen = open || words !== "";
  const size = Array.isArray(value) ? `[${value.length}]` : `{${parts(value).length}}`;
  return (
    <li class={mark} data-path={path}>
      <button class="quiet node" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? "▾" : "▸"} {label ?? "state"} <span class="size">{size}</span>
      </button>
      {isOpen && (
        <ul>
          {shown.map(([key, one]) => (
            <Node
              key={key}
              name={key}
              path={joined(path, key)}
              value={one}
              words={joined(path, key).toLowerCase().includes(words) ? "" : words}
              changed={changed}
              depth={depth + 1}
            />
          ))}
          {shown.length < found.length && (
            <li>
              <button class="link" onClick={() => setAll(true)}>
                {found.length - shown.length} more
              </button>
            </li>
          )}
        </ul>
      )}
    </li>
  );
}

const NONE: ReadonlySet<string> = new Set();

interface Props {
  value: Json;
  label: string;
  /** Paths that differ from the position before. */
  changed?: ReadonlySet<string>;
  field?: RefObject<HTMLInputElement | null>;
}

export function Tree({ value, label, changed = NONE, field }: Props) {
  const [typed, setTyped] = useState("");
  const words = typed.trim().toLowerCase();
  const none = words !== "" && !holds(value, "", words);
  return (
    <div class="dev-tree">
      <input
        ref={field ?? null}
        type="search"
        value={typed}
        placeholder="Search names and values"
        aria-label={`Search in ${label}`}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      {none ? (
        <p class="empty">Nothing like that</p>
      ) : (
        <ul class="root">
          <Node name={null} path="" value={value} words={words} changed={changed} depth={0} />
        </ul>
      )}
    </div>
  );
}
