/** Records that were not believed. What they say of themselves is shown as a claim, never as a fact. */
import type { HealthCheck } from '../api.ts';
import { count } from '../quantities.ts';
import { Foreign } from './foreign.tsx';
import { Shape } from './glyph.tsx';
import { TableRegion } from './table-region.tsx';
import { TimeAgo } from './time-ago.tsx';

export function RefusalTable({ health }: { readonly health: HealthCheck }) {
  const { refusals, security } = health;
  const latestFirst = refusals.toSorted((a, b) => Date.parse(b.last_at) - Date.parse(a.last_at));
  return (
    <section aria-labelledby="refusals">
      <div className="at-section-head">
        <h2 id="refusals">Rejected records</h2>
      </div>
      {refusals.length === 0 ? (
        <p className="at-panel at-all-well" data-checked={security.enabled}>
          <Shape name={security.enabled ? 'disc' : 'cross'} />
          {security.enabled
            ? 'None. Nothing in the backend was refused.'
            : 'None, because nothing is checked: authentication is off.'}
        </p>
      ) : (
        <TableRegion label="Table of rejected records">
          <thead>
            <tr>
              <th scope="col">Last seen</th>
              <th scope="col">Claims to be</th>
              <th scope="col">Found in slot</th>
              <th scope="col">Code</th>
              <th scope="col">What it means</th>
              <th scope="col" className="at-number">
                Times
              </th>
            </tr>
          </thead>
          <tbody>
            {latestFirst.map((refusal) => (
              <tr key={`${refusal.code} ${refusal.slot} ${refusal.node_id}`}>
                <td>
                  <TimeAgo at={refusal.last_at} />
                </td>
                <td>
                  <Foreign text={refusal.node_id || '–'} />
                </td>
                <td>
                  <code>
                    <Foreign text={refusal.slot} />
                  </code>
                </td>
                <td>
                  <code>{refusal.code}</code>
                </td>
                <td className="at-wide">
                  <Foreign text={refusal.sentence} />
                </td>
                <td className="at-number">×{count(refusal.count)}</td>
              </tr>
            ))}
          </tbody>
        </TableRegion>
      )}
    </section>
  );
}
