/** The fleet in four figures; each is also the filter of the table, and says so to a screen reader. */
import type { MachineList, MachineStatus } from '../api.ts';
import { count, span } from '../quantities.ts';
import { Shape } from './glyph.tsx';
import { machineLook } from './state-badge.tsx';

interface StatusTilesProps {
  readonly list: MachineList;
  readonly chosen: MachineStatus | null;
  readonly onChoose: (status: MachineStatus | null) => void;
}

const STATUSES = ['online', 'late', 'offline'] as const;

export function ruleInWords({
  late_after_seconds,
  offline_after_seconds,
}: MachineList['thresholds']): string {
  const late = span(late_after_seconds);
  return `Online: reported within ${late}. Late: no report for more than ${late}. Offline: none for more than ${span(offline_after_seconds)}.`;
}

export function StatusTiles({ list, chosen, onChoose }: StatusTilesProps) {
  return (
    <section aria-label="Machines by status">
      <div className="at-tiles">
        <button
          type="button"
          className="at-tile"
          aria-pressed={chosen === null}
          onClick={() => onChoose(null)}
        >
          <span className="at-tile-name">Total</span>
          <span className="at-tile-figure">{count(list.total)}</span>
        </button>
        {STATUSES.map((status) => {
          const { word, shape, tone } = machineLook(status);
          return (
            <button
              key={status}
              type="button"
              className="at-tile"
              data-tone={list.counts[status] > 0 ? tone : 'idle'}
              aria-pressed={chosen === status}
              onClick={() => onChoose(chosen === status ? null : status)}
            >
              <span className="at-tile-name">
                <Shape name={shape} />
                {word}
              </span>
              <span className="at-tile-figure">{count(list.counts[status])}</span>
            </button>
          );
        })}
      </div>
      <p className="at-small">{ruleInWords(list.thresholds)}</p>
    </section>
  );
}
