/** An empty dashboard: how a first Mac comes to report here, by a package or by hand. */
import { Button } from '@mantine/core';
import { Link } from 'wouter';
import { agentCommand, KEY_FILES, unreachable } from '../agent-command.ts';
import type { PackageReadiness } from '../package-api.ts';
import { useUsualReadiness } from '../package-queries.ts';
import { Copyable } from './copyable.tsx';
import { ErrorBox } from './error-box.tsx';
import { Foreign } from './foreign.tsx';

function ByHand({ defaults }: Pick<PackageReadiness, 'defaults'>) {
  return (
    <>
      <h3>Or by hand</h3>
      <p>
        On a machine that has Atlas Fleet already. First write <code>server.api_key</code> and{' '}
        <code>server.encryption_key</code> of the server’s <code>config.yaml</code> into two files there, each
        readable by you alone (<code>chmod 600</code>): <code>{KEY_FILES.api_key}</code> and{' '}
        <code>{KEY_FILES.encryption_key}</code>.
      </p>
      <Copyable label="Command that starts an agent" text={agentCommand(defaults)} />
    </>
  );
}

export function FirstMac() {
  const { data: readiness, error, refetch } = useUsualReadiness('agent');
  const obstacle = readiness && unreachable(readiness);
  return (
    <section className="at-panel at-empty" aria-labelledby="first-mac">
      <h2 id="first-mac">No Macs have reported yet</h2>
      <p>
        An Agent package holds all that a Mac needs to report here, and is installed with one command. The Mac
        appears on this page with its first report, within seconds.
      </p>
      {obstacle && (
        <p className="at-warning">
          <Foreign text={`${obstacle.sentence} ${obstacle.mend ?? ''}`} />
        </p>
      )}
      <div className="at-actions">
        <Button component={Link} href="/settings/packages?kind=agent">
          Build an Agent package
        </Button>
      </div>
      {!readiness && error && (
        <ErrorBox
          title="The addresses for agents could not be read"
          error={error}
          onRetry={() => void refetch()}
        />
      )}
      {readiness && !obstacle && <ByHand defaults={readiness.defaults} />}
    </section>
  );
}
