/** A package on its way: the steps, the bytes, and the way out. */
import { Button } from '@mantine/core';
import { type Running, stepLines } from '../package-steps.ts';
import { span } from '../quantities.ts';
import { Arrival } from './arrival.tsx';
import { PackageSteps } from './package-steps.tsx';
import { useNow } from './time-ago.tsx';

interface PackageProgressProps {
  readonly building: Running;
  readonly onCancel: () => void;
}

export function PackageProgress({ building, onCancel }: PackageProgressProps) {
  const now = useNow();
  const { transfer, sinceMs } = building;
  return (
    <Arrival label="Building the package">
      <div className="at-panel at-progress">
        <h2>Building the package</h2>
        <PackageSteps label="Steps" lines={stepLines(building)} />
        {transfer?.total && (
          <progress aria-label="Downloaded" value={transfer.received} max={transfer.total} />
        )}
        <div className="at-progress-foot">
          <p className="at-small">
            {span(Math.max(0, now - sinceMs) / 1000)}. Stay on this page: the file comes to it, and the server
            keeps no copy.
          </p>
          <Button variant="default" size="xs" onClick={onCancel}>
            Cancel
          </Button>
        </div>
      </div>
    </Arrival>
  );
}
