/** A ladder of steps: done, under way, and to come. */
import type { StepLine } from '../package-steps.ts';
import { Glyph, Shape } from './glyph.tsx';

const WORDS: Readonly<Record<StepLine['state'], string>> = {
  done: 'Done',
  now: 'Under way',
  next: 'To come',
};

function Mark({ state }: Pick<StepLine, 'state'>) {
  if (state === 'done') return <Glyph name="check" />;
  return <Shape name={state === 'now' ? 'half' : 'ring'} size={14} />;
}

export function PackageSteps({
  label,
  lines,
}: {
  readonly label: string;
  readonly lines: readonly StepLine[];
}) {
  return (
    <ol className="at-ladder" aria-label={label}>
      {lines.map(({ name, state, detail }) => (
        <li key={name} data-state={state} {...(state === 'now' && { 'aria-current': 'step' })}>
          <Mark state={state} />
          <span>
            {name}
            <span className="at-hidden">: {WORDS[state]}</span>
            {detail && <span className="at-under">{detail}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
