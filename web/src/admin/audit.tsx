import { GameLink, Moment, More, Problem, UserLink, usePages } from "./parts";
import type { Act } from "./wire";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What admins did; with a target, what was done to that. */
export function AuditView({ target }: { target: string }) {
  const pages = usePages<Act>("/audit", target ? { target } : {}, "acts");
  return (
    <>
      <h1>Audit</h1>
      <div class="bar">
        {target && (
          <span>
            Of <span class="id">{target}</span> <a href="#/audit">Show all</a>
          </span>
        )}
        <button class="small" onClick={pages.reload}>
          Refresh
        </button>
      </div>
      <Problem words={pages.error} />
      {!pages.loading && pages.rows.length === 0 && <p class="empty">Nothing was done.</p>}
      {pages.rows.length > 0 && (
        <div class="scroll" tabIndex={0} role="group" aria-label="Table">
          <table>
            <thead>
              <tr>
                <th>When (UTC)</th>
                <th>Who</th>
                <th>What</th>
                <th>On</th>
                <th>Why</th>
                <th>Details</th>
              </tr>
            </thead>
            <tbody>
              {pages.rows.map((act) => (
                <tr key={act.id}>
                  <td>
                    <Moment at={act.at} />
                  </td>
                  <td title={act.admin_id}>{act.admin_name}</td>
                  <td>{act.what}</td>
                  <td class="id">
                    <Target act={act} />
                  </td>
                  <td>{act.why}</td>
                  <td class="payload">{Object.keys(act.details).length > 0 && JSON.stringify(act.details)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <More cursor={pages.cursor} more={pages.more} />
    </>
  );
}

function Target({ act: { what, target } }: { act: Act }) {
  if (UUID.test(target)) return <UserLink id={target} />;
  return what.startsWith("drain") ? <>{target}</> : <GameLink id={target} />;
}
