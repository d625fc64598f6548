// One seat: who sits there, whether they are here, their clock.
import { lookOf, toneOf } from "../boards/look";
import { useNow } from "../store";
import { nameOf } from "../text";
import type { GameState, Player } from "../wire";
import { ClockFace } from "./clock";

interface Props {
  state: GameState;
  player: Player;
  now: () => number;
  claim?: ((result: "win" | "draw") => void) | undefined;
  mute?: (() => void) | undefined;
}

export function Plate({ state, player, now, claim }: Props) {
  const { seat } = player;
  const own = seat === state.seat;
  const acting = state.status === "live" && state.to_act.includes(seat);
  const won = state.outcome?.winners.includes(seat);
  const score = state.outcome?.scores?.[seat];
  return (
    <div class={`plate ${acting ? "acting" : ""} ${own ? "own" : ""}`} data-seat={seat}>
      <i class={`dot ${toneOf(lookOf(state.engine), seat)}`} aria-hidden="true" />
      <span class="who">
        <strong>{player.user_id === null ? "Free seat" : nameOf(player)}</strong>
        {own && <em>you</em>}
        {player.bot && !/bot/i.test(nameOf(player)) && <em>bot, level {player.bot.level}</em>}
        {won && <b class="won" title="Winner">★</b>}
        {score !== undefined && <em>{Math.round(score * 100) / 100} points</em>}
      </span>
      <Presence state={state} player={player} now={now} claim={claim} />
      <ClockFace state={state} seat={seat} now={now} />
    </div>
  );
}

function Presence({ state, player, now, claim }: Props) {
  const { gone, user_id, online, bot } = player;
  const at = useNow(now, 500, gone !== undefined);
  if (user_id === null || bot) return null;
  if (online) return <span class="presence here" role="img" aria-label="here" title="here" />;
  if (!gone || state.status !== "live") {
    return <span class="presence away" role="img" aria-label="away" title="away" />;
  }
  const left = Math.ceil((gone.claimable_at - at) / 1000);
  if (left > 0) return <span class="gone">left; may come back for {left} s</span>;
  return (
    <span class="gone">
      left
      {claim && (
        <>
          <button class="small" onClick={() => claim("win")}>
            Claim the win
          </button>
          <button class="small" onClick={() => claim("draw")}>
            Draw
          </button>
        </>
      )}
    </span>
  );
}
