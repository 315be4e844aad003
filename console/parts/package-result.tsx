/** A package that is ready: the file, how it is told from another, and the commands to bring it where it belongs. */
import { Button, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { installCommands } from '../../src/installer/install-commands.ts';
import type { PackageBuild } from '../package-api.ts';
import { likelyLogin } from '../package-commands.ts';
import type { Built } from '../package-steps.ts';
import { bytes } from '../quantities.ts';
import { Arrival } from './arrival.tsx';
import { Facts } from './facts.tsx';
import { Foreign } from './foreign.tsx';
import { PackageCommands } from './package-commands.tsx';
import { PackageTracker } from './package-tracker.tsx';
import { PackageWarning } from './package-warning.tsx';

/** An address of the file for as long as it is shown. */
function useObjectUrl(file: Blob): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url;
}

const signature = (isSigned: boolean): string =>
  isSigned
    ? 'Signed. Without notarization macOS may still block a double-click; the command below works.'
    : 'Unsigned: double-click is blocked by macOS; the command below works.';

const comparison = (isCompared: boolean): string =>
  isCompared
    ? 'What arrived here has it.'
    : 'Not compared here: browsers compute it only over HTTPS. The command below does.';

function Sha256({ record, isCompared }: Pick<Built, 'record' | 'isCompared'>) {
  return (
    <>
      <code>{record.sha256 ?? 'The server did not tell it.'}</code>
      <span className="at-under">{comparison(isCompared)}</span>
    </>
  );
}

/** What follows the installation, by kind. */
function Afterwards({ record }: { readonly record: PackageBuild }) {
  if (record.kind === 'cluster-node') return <PackageTracker first={record} />;
  return (
    <section className="at-panel" aria-label="Afterwards">
      {record.kind === 'agent' ? (
        <p>
          Each Mac that installs it appears on the <Link href="/">Dashboard</Link> with its first report.
        </p>
      ) : (
        <p>It is a server of its own: it appears neither here nor on the Cluster Health Monitor.</p>
      )}
    </section>
  );
}

interface PackageResultProps {
  readonly built: Built;
  readonly onAgain: () => void;
}

function FileCard({ built: { record, file, isCompared }, onAgain }: PackageResultProps) {
  const url = useObjectUrl(file);
  return (
    <section className="at-panel at-result" aria-labelledby="result">
      <h2 id="result">
        <Foreign text={record.file_name} /> is ready
      </h2>
      <Facts
        facts={[
          ['Size', bytes(file.size)],
          ['Signature', signature(record.signed)],
          ['SHA-256', <Sha256 key="sha256" record={record} isCompared={isCompared} />],
        ]}
      />
      <div className="at-actions">
        <Button component="a" href={url} download={record.file_name}>
          Download
        </Button>
        <Button variant="default" onClick={onAgain}>
          Build another
        </Button>
      </div>
      <p className="at-small">
        The file is in the memory of this page only. It is gone when you leave the page, and the server keeps
        no copy.
      </p>
    </section>
  );
}

function InstallCard({ record }: { readonly record: PackageBuild }) {
  const [login, setLogin] = useState(likelyLogin(record));
  return (
    <section className="at-panel at-install" aria-labelledby="install">
      <h2 id="install">Bring it to the new Mac</h2>
      <TextInput
        label="User and address of the new Mac"
        description="For the commands below; it is sent nowhere."
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={login}
        onChange={(event) => setLogin(event.currentTarget.value)}
      />
      <PackageCommands commands={installCommands({ ...record, path: record.file_name, login })} />
    </section>
  );
}

export function PackageResult(props: PackageResultProps) {
  const { record } = props.built;
  return (
    <Arrival label="The package is ready">
      <div className="at-stack">
        <FileCard {...props} />
        <PackageWarning kind={record.kind} credentials={record.credentials} />
        <InstallCard record={record} />
        <Afterwards record={record} />
      </div>
    </Arrival>
  );
}
