import { Act, GameLink, Problem, UserLink, When, useLoaded } from "./parts";
import { ask, get } from "./rest";
import type { ErrorLine, NodeReport, Overview } from "./wire";

const SECONDS = 5;

export function OverviewView() {
  const { value, error, reload } = useLoaded(() => get<Overview>("/overview"), "", SECONDS);
  return (
    <>
      <h1>Overview</h1>
      <Problem words={error} />
      {value && !value.complete && <Problem words="Redis does not answer: the other nodes are not known." />}
      {value && <Nodes nodes={value.nodes} reload={reload} />}
      {value && <Engines nodes={value.nodes} />}
      {value && <Errors nodes={value.nodes} />}
    </>
  );
}

function Nodes({ nodes, reload }: { nodes: readonly NodeReport[]; reload: () => void }) {
  const sum = (count: (node: NodeReport) => number): number => nodes.reduce((total, node) => total + count(node), 0);
  return (
    <section>
      <h2>Nodes</h2>
      <div class="scroll" tabIndex={0} role="group" aria-label="Table">
        <table>
          <thead>
            <tr>
              <th>Node</th>
              <th>Process</th>
              <th>Since</th>
              <th class="number">Connections</th>
              <th class="number">Games in memory</th>
              <th class="number">Events/s</th>
              <th class="number">Refused/s</th>
              <th class="number">Errors/s</th>
              <th>State</th>
              <th>
                <span class="hidden">Acts</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {nodes.map((node) => (
              <tr key={node.node} data-node={node.node}>
                <td class="id">{node.node}</td>
                <td>
                  {node.host}:{node.pid} <span class="fine">{node.version}</span>
                </td>
                <td>
                  <When at={node.started_at} />
                </td>
                <td class="number">{node.connections}</td>
                <td class="number">{node.games}</td>
                <td class="number">{node.rates.events}</td>
                <td class="number">{node.rates.refused}</td>
                <td class="number">{node.rates.errors}</td>
                <td>
                  <State node={node} />
                </td>
                <td>
                  {!node.draining && (
                    <Act
                      name="Drain"
                      what={`Drain node ${node.node}`}
                      act={(reason) => ask("POST", `/nodes/${node.node}/drain`, { body: { reason } })}
                      done={reload}
                    />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
          {nodes.length > 1 && (
            <tfoot>
              <tr>
                <th colSpan={3}>Together</th>
                <td class="number">{sum((node) => node.connections)}</td>
                <td class="number">{sum((node) => node.games)}</td>
                <td class="number">{sum((node) => node.rates.events).toFixed(2)}</td>
                <td class="number">{sum((node) => node.rates.refused).toFixed(2)}</td>
                <td class="number">{sum((node) => node.rates.errors).toFixed(2)}</td>
                <td colSpan={2} />
              </tr>
            </tfoot>
          )}
        </table>
      </div>
    </section>
  );
}

function State({ node }: { node: NodeReport }) {
  const broken = Object.entries(node.parts).filter(([, words]) => words !== "ok");
  if (node.draining) return <strong class="bad">draining</strong>;
  if (broken.length === 0) return <>ok</>;
  return <strong class="bad">{broken.map(([part, words]) => `${part}: ${words}`).join("; ")}</strong>;
}

function Engines({ nodes }: { nodes: readonly NodeReport[] }) {
  const all = nodes
    .flatMap((node) => node.engines.map((engine) => ({ ...engine, node: node.node })))
    .sort((a, b) => b.mean_ms - a.mean_ms)
    .slice(0, 15);
  return (
    <section>
      <h2>Slowest engines</h2>
      {all.length === 0 ? (
        <p class="empty">Nothing was played yet.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label="Table">
          <table>
            <thead>
              <tr>
                <th>Engine</th>
                <th>Node</th>
                <th class="number">Mean ms</th>
                <th class="number">Over 100 ms</th>
                <th class="number">Commands</th>
              </tr>
            </thead>
            <tbody>
              {all.map((engine) => (
                <tr key={`${engine.node} ${engine.name}`}>
                  <td>{engine.name}</td>
                  <td class="id">{engine.node}</td>
                  <td class="number">{engine.mean_ms.toFixed(2)}</td>
                  <td class="number">{engine.slow}</td>
                  <td class="number">{engine.commands}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Errors({ nodes }: { nodes: readonly NodeReport[] }) {
  const all = nodes
    .flatMap((node) => node.errors.map((line) => ({ line, node: node.node })))
    .sort((a, b) => b.line.at.localeCompare(a.line.at));
  return (
    <section>
      <h2>Recent errors</h2>
      {all.length === 0 ? (
        <p class="empty">None.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label="Table">
          <table>
            <thead>
              <tr>
                <th>When (UTC)</th>
                <th>Node</th>
                <th>What</th>
                <th>Where</th>
              </tr>
            </thead>
            <tbody>
              {all.map(({ line, node }, at) => (
                <tr key={`${node} ${line.at} ${at}`}>
                  <td>{line.at.slice(0, 19).replace("T", " ")}</td>
                  <td class="id">{node}</td>
                  <td>
                    {line.event}
                    {line.exception && <div class="fine">{line.exception}</div>}
                  </td>
                  <td>
                    <Fields line={line} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Fields({ line }: { line: ErrorLine }) {
  return (
    <>
      {Object.entries(line.fields).map(([name, value]) => (
        <div key={name}>
          <span class="fine">{name}</span>{" "}
          {name === "game_id" ? <GameLink id={value} /> : name === "user_id" ? <UserLink id={value} /> : value}
        </div>
      ))}
    </>
  );
}
