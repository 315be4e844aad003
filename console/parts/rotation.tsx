/**
 * The rotation of the cluster secret on the page: a banner while one is under way, and the wizard. The rotation itself
 * is the servers': it goes on when this page is closed, and the wizard opens again where it is.
 */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useRotation } from '../queries.ts';
import type { RotationPhase, RotationView } from '../trust-api.ts';
import { Dialog } from './dialog.tsx';
import { ErrorBox } from './error-box.tsx';
import { Foreign } from './foreign.tsx';
import { RotationDone, RotationProgress } from './rotation-progress.tsx';
import { RotationStart } from './rotation-start.tsx';

interface WizardProps {
  readonly rotation: RotationView;
  readonly onClose: () => void;
}

function Wizard({ rotation, onClose }: WizardProps) {
  /** The last phase that was seen since the wizard opened: what is over then began or ended before one's eyes. */
  const [seen, setSeen] = useState<RotationPhase | 'compromise' | null>(rotation.phase);
  if (rotation.phase !== null && rotation.phase !== seen) setSeen(rotation.phase);
  if (rotation.phase !== null)
    return <RotationProgress rotation={rotation} phase={rotation.phase} onClose={onClose} />;
  if (seen !== null) return <RotationDone rotation={rotation} after={seen} onClose={onClose} />;
  return (
    <RotationStart onBegun={(mode) => setSeen(mode === 'routine' ? 'prepared' : mode)} onClose={onClose} />
  );
}

interface RotationProps {
  readonly opened: boolean;
  readonly onOpen: () => void;
  readonly onClose: () => void;
}

export function Rotation({ opened, onOpen, onClose }: RotationProps) {
  const { data: rotation, error, refetch } = useRotation();
  return (
    <>
      {rotation && rotation.phase !== null && (
        <section className="at-panel at-banner" aria-label="Rotation of the secret">
          <p role="status">
            {rotation.phase === 'abandoned' ? 'A rotation was abandoned: ' : 'A rotation is under way: '}
            <Foreign text={rotation.sentence} />
          </p>
          <Button size="xs" variant="default" onClick={onOpen}>
            Show it
          </Button>
        </section>
      )}
      <Dialog opened={opened} onClose={onClose} title="Rotate the cluster secret" wide>
        {error && !rotation && (
          <ErrorBox title="It could not be read" error={error} onRetry={() => void refetch()} />
        )}
        {rotation && <Wizard rotation={rotation} onClose={onClose} />}
      </Dialog>
    </>
  );
}
