// Any table of cards: hands, piles, hidden backs; played by click, by drag and by the keyboard.
import { useRef, useState } from "preact/hooks";
import { nameOf } from "../text";
import { Aside } from "./aside";
import { meant, type BoardProps, type Card, type Cards, type Key, type Zone } from "./model";
import { Question, usePicking, type Picking } from "./picking";
import "./cards.css";

interface Drag {
  id: Key;
  startX: number;
  startY: number;
  x: number;
  y: number;
}

const FAR = 48;

export function CardBoard(props: BoardProps & { board: Cards }) {
  const { state, board, moves, mayAct, act, pending } = props;
  const picking = usePicking({ moves, mayAct, act, seq: state.seq });
  const [drag, setDrag] = useState<Drag | null>(null);
  const root = useRef<HTMLDivElement>(null);
  const suppress = useRef(false);
  const sent = pending === undefined ? [] : (moves.find(({ action }) => action === pending)?.path ?? []);

  function down(event: PointerEvent, id: Key): void {
    if (event.button !== 0 || !mayAct || meant(moves, [id]).length === 0) return;
    setDrag({ id, startX: event.clientX, startY: event.clientY, x: 0, y: 0 });
  }

  function move(event: PointerEvent): void {
    if (drag) setDrag({ ...drag, x: event.clientX - drag.startX, y: event.clientY - drag.startY });
  }

  function up(event: PointerEvent): void {
    if (!drag) return;
    const { id, x, y } = drag;
    setDrag(null);
    if (Math.hypot(x, y) < 6) return;
    suppress.current = true;
    window.setTimeout(() => (suppress.current = false), 0);
    const under = document.elementsFromPoint(event.clientX, event.clientY);
    const target = under.find((one) => one instanceof HTMLElement && one.dataset["card"] !== undefined && one.dataset["card"] !== String(id));
    const onto = meant(moves, [id]).flatMap(({ path }) => path[1] ?? []);
    const to = onto.find((key) => target instanceof HTMLElement && String(key) === target.dataset["card"]);
    if (to !== undefined) picking.drop(id, to);
    else if (Math.hypot(x, y) > FAR && meant(moves, [id]).some(({ path }) => path.length === 1)) picking.click(id);
  }

  // Arrow keys go from card to card, whatever zone it is in.
  function keys(event: KeyboardEvent): void {
    if (event.key === "Escape") return picking.clear();
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    const buttons = [...(root.current?.querySelectorAll<HTMLElement>("button.card") ?? [])];
    const here = buttons.indexOf(document.activeElement as HTMLElement);
    if (step === undefined || here < 0) return;
    event.preventDefault();
    buttons[(here + step + buttons.length) % buttons.length]?.focus();
  }

  const shared = { state, picking, drag, down, sent, suppress };
  // Where the game has put the zones in an order of its own (two front lines), it is kept.
  const begun = board.zones.some(({ count }) => count > 0);
  const arranged = board.zones.some(({ name }) => name === "active");
  const zones = board.zones.filter(
    ({ count, seat, layout, name }) =>
      count > 0 || (arranged && begun && name === "active") || (seat === null && layout !== "pile" && !arranged),
  );
  const own = state.seat;
  const others = seatsOf(zones).filter((seat) => seat !== own);
  const render = (seat: number | null) =>
    zones
      .filter((zone) => zone.seat === seat)
      .map((zone, index) => <Place key={`${zone.name} ${index}`} zone={zone} {...shared} />);
  // Nothing lies on the table yet: there is only something to choose.
  if (!begun) return null;
  return (
    <div class={`cards-board ${arranged ? "arranged" : ""} ${drag ? "dragging" : ""}`} ref={root} onPointerMove={move} onPointerUp={up} onPointerCancel={() => setDrag(null)} onKeyDown={keys} role="group" aria-label="Table">
      {arranged || others.length === 0 ? (
        zones.map((zone, index) => <Place key={`${zone.seat} ${zone.name} ${index}`} zone={zone} {...shared} />)
      ) : (
        <>
          <div class={`others of-${Math.min(others.length, 4)}`}>
            {others.map((seat) => (
              <section class={`side ${state.to_act.includes(seat) ? "to-act" : ""}`} key={seat}>
                <h3>{nameOf(state.players[seat])}</h3>
                {render(seat)}
              </section>
            ))}
          </div>
          <div class="middle">{render(null)}</div>
          {own !== null && <div class="own">{render(own)}</div>}
        </>
      )}
      <Aside board={board} state={state} />
      <Question picking={picking} />
    </div>
  );
}

function seatsOf(zones: Zone[]): number[] {
  const seats = new Set(zones.flatMap(({ seat }) => (seat === null ? [] : [seat])));
  return [...seats].sort((a, b) => a - b);
}

interface PlaceProps {
  zone: Zone;
  state: BoardProps["state"];
  picking: Picking;
  drag: Drag | null;
  sent: readonly Key[];
  suppress: { current: boolean };
  down: (event: PointerEvent, id: Key) => void;
}

function Place({ zone, state, ...shared }: PlaceProps) {
  const { name, seat, layout, cards, count } = zone;
  const own = seat !== null && seat === state.seat;
  const whose = seat === null ? "" : own ? "Your " : `${nameOf(state.players[seat])}: `;
  const backs = cards.length > 0 && cards.every((one) => one === null);
  const shown = layout === "pile" || (backs && !own) ? pile(zone) : cards;
  const title = `${whose}${name}`;
  const counted = layout === "pile" || backs || (own && layout === "fan");
  return (
    <section
      class={`zone layout-${layout} ${own ? "mine" : ""} ${backs ? "backs" : ""} zone-${name.replace(/\W+/g, "-")}`}
      aria-label={`${title}, ${count} ${count === 1 ? "card" : "cards"}`}
      data-size={Math.min(count, 30)}
    >
      <h4>
        {name}
        {counted && <b>{count}</b>}
      </h4>
      <div class="held">
        {shown.map((card, index) =>
          card ? (
            <Face key={card.id} card={card} state={state} {...shared} />
          ) : (
            <span class="card back" key={`back ${index}`} aria-hidden="true" />
          ),
        )}
        {count === 0 && <span class="card empty" aria-hidden="true" />}
      </div>
    </section>
  );
}

/** A pile shows what is on top; of backs, a few. */
function pile({ cards, count, layout }: Zone): (Card | null)[] {
  const top = cards.at(-1);
  if (layout === "pile") return count === 0 ? [] : [top ?? null];
  return cards.slice(0, Math.min(count, 13));
}

const RED = /[♥♦]/;
const SUITED = /^(\d+|[AKQJ])([♠♥♦♣])$/;

type FaceProps = Omit<PlaceProps, "zone"> & { card: Card };

function Face({ card, state, picking, drag, sent, suppress, down }: FaceProps) {
  const { id, name, note, text } = card;
  const next = picking.next.has(id);
  const picked = picking.picked.includes(id);
  const who = card.seat === undefined ? null : card.seat === state.seat ? "You" : nameOf(state.players[card.seat]);
  const suited = SUITED.exec(name);
  const classes = [
    "card",
    next && (picking.picked.length ? "target" : "playable"),
    picked && "picked",
    sent[0] === id && "sent",
    RED.test(name) && "red",
    text && "wordy",
  ];
  const held = drag?.id === id && Math.hypot(drag.x, drag.y) > 6;
  const said = [name, note, text, who && `played by ${who}`, next && "playable"].filter(Boolean).join(", ");
  return (
    <button
      type="button"
      class={`${classes.filter(Boolean).join(" ")}${held ? " held" : ""}`}
      data-card={id}
      aria-label={said}
      aria-pressed={picked}
      aria-disabled={!next}
      title={text ? `${name}${note ? ` (${note})` : ""}\n${text}` : undefined}
      style={held ? { transform: `translate(${drag?.x}px, ${drag?.y}px) rotate(2deg)` } : { transform: "" }}
      onClick={() => !suppress.current && picking.click(id)}
      onPointerDown={(event) => down(event, id)}
    >
      {suited ? (
        <>
          <b class="rank">{suited[1]}</b>
          <i class="suit">{suited[2]}</i>
        </>
      ) : (
        <b class={name.length > 3 ? "name" : "rank"}>{name}</b>
      )}
      {card.hp !== undefined && (
        <span class="health">
          <i style={{ width: `${Math.round((100 * (card.left ?? 0)) / card.hp)}%` }} />
          <em>
            {card.left}/{card.hp}
          </em>
        </span>
      )}
      {card.energy ? <span class="energy">{"⚡".repeat(Math.min(card.energy, 6))}</span> : null}
      {note && card.hp === undefined && <small>{note}</small>}
      {text && <span class="text">{text}</span>}
      {who && <small class="who">{who}</small>}
    </button>
  );
}
