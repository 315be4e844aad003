/** Records that were not believed. What they say of themselves is shown as a claim, never as a fact. */
import type { HealthCheck } from '../api.ts';
import { count } from '../quantities.ts';
import { Foreign } from './foreign.tsx';
import { Shape } from './glyph.tsx';
import { TableHead } from './table-head.tsx';
import { TableRegion } from './table-region.tsx';
import { TimeAgo } from './time-ago.tsx';

const COLUMNS = ['Last seen', 'Claims to be', 'Found in slot', 'Code', 'What it means', 'Times'] as const;

export function RefusalTable({ health }: { readonly health: HealthCheck }) {
  const { refusals, security, checked_by } = health;
  const summedUp = health.findings.some(({ code }) => code.startsWith('refused_'));
  const latestFirst = refusals.toSorted((a, b) => Date.parse(b.last_at) - Date.parse(a.last_at));
  return (
    <section aria-labelledby="refusals">
      <div className="at-section-head">
        <h2 id="refusals">Rejected records, slot by slot</h2>
      </div>
      {refusals.length === 0 ? (
        <p className="at-panel at-all-well" data-checked={security.enabled}>
          <Shape name={security.enabled ? 'disc' : 'cross'} />
          {security.enabled
            ? 'None. Nothing in the backend was refused.'
            : 'None, because nothing is checked: authentication is off.'}
        </p>
      ) : (
        <>
          <p className="at-small at-found">
            Each record that <Foreign text={checked_by} /> refused, where it lies and how often it was met.
            {summedUp && ' The findings above sum up the recent ones.'}
          </p>
          <TableRegion label="Table of rejected records" stacks>
            <TableHead columns={COLUMNS} numeric={['Times']} />
            <tbody>
              {latestFirst.map((refusal) => (
                <tr key={`${refusal.code} ${refusal.slot} ${refusal.node_id}`}>
                  <td data-label="Last seen">
                    <TimeAgo at={refusal.last_at} />
                  </td>
                  <td data-label="Claims to be">
                    <Foreign text={refusal.node_id || '–'} />
                  </td>
                  <td className="at-wide" data-label="Found in slot">
                    <code>
                      <Foreign text={refusal.slot} />
                    </code>
                  </td>
                  <td data-label="Code">
                    <code>{refusal.code}</code>
                  </td>
                  <td className="at-wide" data-label="What it means">
                    <Foreign text={refusal.sentence} />
                  </td>
                  <td className="at-number" data-label="Times">
                    ×{count(refusal.count)}
                  </td>
                </tr>
              ))}
            </tbody>
          </TableRegion>
        </>
      )}
    </section>
  );
}
