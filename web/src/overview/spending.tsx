/** Calls, tokens and cost by role, per configuration. */

import type { Cell, Overview, Role } from "../data";
import { count, cost } from "../numbers";
import { configOf, haveSeveralModels, presentCells } from "./cells";
import { percent } from "./format";
import { colorAt } from "./charts/series";
import { NumberHeadings } from "../number_headings";

export function SpendingTable({ overview }: { overview: Overview }) {
  const cells = presentCells(overview);
  const configs = rolesByConfig(cells);
  if (!configs.size) return null;
  const tokens = (role: Role) => sum(role.input_tokens, role.output_tokens);
  const all = [...configs.values()].flatMap((group) => [...group.values()]);
  const total = all.reduce<number | null>((a, role) => sum(a, role.cost_usd), 0);
  return (
    <figure class="chart spending">
      <figcaption>
        <h3>Tokens and cost by role</h3>
        <p class="note">
          All calls of the run, scorers included; {total === null ? "the cost is unknown for some calls" : total === 0 ? "all calls were free" : `${cost(total)} in all`}.
          Agents are counted together, and so are workers.
        </p>
      </figcaption>
      <div class="scroll tall" tabIndex={0} role="region" aria-label="Tokens and cost by role">
        <table class="small">
          <caption class="visually-hidden">Calls, tokens and cost by strategy, model and role</caption>
          <thead>
            <tr>
              <th scope="col">Strategy</th>
              <th scope="col">Role</th>
              <NumberHeadings titles={["Calls", "Input tokens", "Output tokens", "Cost"]} />
              <th scope="col">Share of its tokens</th>
            </tr>
          </thead>
          {[...configs].map(([name, group]) => {
            const all = [...group.values()].reduce<number | null>((a, role) => sum(a, tokens(role)), 0);
            return (
              <tbody key={name}>
                {[...group.values()].map((role, i) => (
                  <tr key={role.role}>
                    {i === 0 && (
                      <th scope="rowgroup" rowSpan={group.size}>
                        {name}
                      </th>
                    )}
                    <td>{role.role || "(no role)"}</td>
                    <td class="number">{count(role.calls)}</td>
                    <td class="number">{count(role.input_tokens)}</td>
                    <td class="number">{count(role.output_tokens)}</td>
                    <td class="number">{cost(role.cost_usd)}</td>
                    <td>
                      <TokenBar part={tokens(role)} all={all} color={colorAt(i)} />
                    </td>
                  </tr>
                ))}
              </tbody>
            );
          })}
        </table>
      </div>
    </figure>
  );
}

/** A role's share of the tokens of its strategy. */
function TokenBar({ part, all, color }: { part: number | null; all: number | null; color: string }) {
  if (part === null || !all) return <span class="note">?</span>;
  return (
    <span class="bar-place">
      <span class="bar" style={{ width: `${(3.5 * part) / all}rem`, background: color }} />
      <span class="note">{percent(part, all)}</span>
    </span>
  );
}

/** Configuration → role → its totals over all cells; an unknown part makes a total unknown. */
function rolesByConfig(cells: readonly Cell[]): Map<string, Map<string, Role>> {
  const severalModels = haveSeveralModels(cells);
  const configs = new Map<string, Map<string, Role>>();
  for (const cell of cells) {
    const name = configOf(cell, severalModels);
    const group = configs.get(name) ?? new Map<string, Role>();
    configs.set(name, group);
    for (const role of cell.roles ?? []) {
      const total = group.get(role.role);
      group.set(role.role, total ? added(total, role) : { ...role });
    }
  }
  for (const [name, group] of configs) if (!group.size) configs.delete(name);
  return configs;
}

function added(a: Role, b: Role): Role {
  return {
    role: a.role,
    calls: a.calls + b.calls,
    input_tokens: sum(a.input_tokens, b.input_tokens),
    output_tokens: sum(a.output_tokens, b.output_tokens),
    cost_usd: sum(a.cost_usd, b.cost_usd),
  };
}

function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}
