import { Moment, Act, Problem, UserLink, useLoaded } from "./parts";
import { GameTable } from "./games";
import { ask, get } from "./rest";
import type { Sanction, SanctionKind, SanctionList, UserInfo } from "./wire";

const DAY = 86_400;
const TIMES: readonly (readonly [string, number | null])[] = [
  ["an hour", 3600],
  ["a day", DAY],
  ["a week", 7 * DAY],
  ["30 days", 30 * DAY],
  ["good", null],
];

export function UsersView() {
  const listed = useLoaded(() => get<SanctionList>("/sanctions"), "");
  const find = (event: SubmitEvent): void => {
    event.preventDefault();
    const id = String(new FormData(event.currentTarget as HTMLFormElement).get("id") ?? "").trim();
    location.hash = `#/users/${encodeURIComponent(id)}`;
  };
  return (
    <>
      <h1>Users</h1>
      <form class="bar" onSubmit={find}>
        <label class="wide">
          User id
          <input name="id" required autocomplete="off" spellcheck={false} />
        </label>
        <button class="small">Find</button>
      </form>
      <h2>Bans and mutes</h2>
      <Problem words={listed.error} />
      {listed.value?.total === 0 && <p class="empty">There are none.</p>}
      {listed.value && listed.value.total > 0 && <Sanctions sanctions={listed.value.sanctions} reload={listed.reload} />}
      {listed.value && listed.value.total > listed.value.sanctions.length && (
        <p class="fine">The newest of {listed.value.total}.</p>
      )}
    </>
  );
}

export function UserView({ id }: { id: string }) {
  const { value, error, reload } = useLoaded(() => get<UserInfo>(`/users/${encodeURIComponent(id)}`), id);
  return (
    <>
      <h1>{value?.name ?? "User"}</h1>
      <Problem words={error} />
      {value && (
        <>
          <div class="bar">
            <span class="id">{value.user_id}</span>
            <span>{value.connections === 1 ? "1 connection" : `${value.connections} connections`}</span>
            <a href={`#/audit/${value.user_id}`}>Audit</a>
            <Impose kind="mute" id={value.user_id} done={reload} />
            <Impose kind="ban" id={value.user_id} done={reload} />
          </div>
          {value.sanctions.length > 0 && <Sanctions sanctions={value.sanctions} reload={reload} />}
          <h2>Games</h2>
          {value.games.length === 0 ? (
            <p class="empty">This user never sat at a table.</p>
          ) : (
            <GameTable games={value.games} reload={reload} />
          )}
        </>
      )}
    </>
  );
}

function Impose({ kind, id, done }: { kind: SanctionKind; id: string; done: () => void }) {
  const name = kind === "ban" ? "Ban" : "Mute";
  const impose = (reason: string, form: FormData): Promise<unknown> => {
    const seconds = TIMES[Number(form.get("time"))]?.[1] ?? null;
    return ask("PUT", `/users/${id}/sanctions/${kind}`, { body: { reason, seconds } });
  };
  return (
    <Act name={name} what={`${name} this user`} required act={impose} done={done}>
      <label>
        For
        <select name="time">
          {TIMES.map(([words], at) => (
            <option key={at} value={at}>
              {words}
            </option>
          ))}
        </select>
      </label>
    </Act>
  );
}

function Sanctions({ sanctions, reload }: { sanctions: readonly Sanction[]; reload: () => void }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>
            <th>User</th>
            <th>What</th>
            <th>Since (UTC)</th>
            <th>Until (UTC)</th>
            <th>Why</th>
            <th>By</th>
            <th>
              <span class="hidden">Acts</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sanctions.map((one) => (
            <tr key={`${one.user_id} ${one.kind}`}>
              <td class="id">
                <UserLink id={one.user_id} />
              </td>
              <td>{one.kind}</td>
              <td>
                <Moment at={one.since} />
              </td>
              <td>{one.until === null ? "for good" : <Moment at={one.until} />}</td>
              <td>{one.why}</td>
              <td>{one.admin_name}</td>
              <td>
                <Act
                  name="Lift"
                  what={`Lift the ${one.kind} of ${one.user_id}`}
                  act={(reason) => ask("DELETE", `/users/${one.user_id}/sanctions/${one.kind}`, { query: { reason } })}
                  done={reload}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
