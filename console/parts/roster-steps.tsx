/** The last steps of the roster: what was done, who signed it, and when by the signer's clock. */
import { counted } from '../../src/base/counted.ts';
import type { RosterView } from '../trust-api.ts';
import { Foreign } from './foreign.tsx';
import { Glyph } from './glyph.tsx';
import { TimeAgo } from './time-ago.tsx';

type Step = RosterView['steps'][number];

/** Steps that stand open. Arbitrary. */
const SHOWN = 4;

function Steps({ steps }: { readonly steps: readonly Step[] }) {
  return (
    <ol className="at-steps">
      {steps.map(({ epoch, at, signer, sentences }) => (
        <li key={epoch}>
          <Foreign text={sentences.join('; ')} />
          <span className="at-under">
            step {epoch}, signed by <Foreign text={signer} />, <TimeAgo at={at} />
          </span>
        </li>
      ))}
    </ol>
  );
}

export function RosterSteps({ steps }: { readonly steps: readonly Step[] }) {
  const earlier = steps.slice(SHOWN);
  return (
    <div>
      <h3>Last steps</h3>
      <Steps steps={steps.slice(0, SHOWN)} />
      {earlier.length > 0 && (
        <details className="at-words">
          <summary>
            <Glyph name="fold" size={14} />
            {counted(earlier.length, 'step')} before
          </summary>
          <Steps steps={earlier} />
        </details>
      )}
    </div>
  );
}
