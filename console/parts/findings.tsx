/** What the cluster complains of, each with what to do. */
import type { Finding } from '../api.ts';
import { Foreign } from './foreign.tsx';
import { Badge, severityLook } from './state-badge.tsx';

const ORDER: readonly Finding['severity'][] = ['critical', 'warning', 'info'];

export function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  if (findings.length === 0) return null;
  const sorted = findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  return (
    <section className="at-panel at-findings" aria-labelledby="findings">
      <h2 id="findings">Findings</h2>
      <ul>
        {sorted.map((finding) => (
          <li key={`${finding.code} ${finding.sentence}`}>
            <Badge {...severityLook(finding.severity)} />
            <div>
              <p>
                <Foreign text={finding.sentence} />
              </p>
              <p className="at-muted">
                <Foreign text={finding.mend} />
              </p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
