/** The fields of an order. What is left empty is as the grey text says. */
import { Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core';
import type { ChangeEvent } from 'react';
import type { Architecture, PackageKind, PackageReadiness } from '../package-api.ts';
import type { Faults } from '../package-faults.ts';
import { type Draft, TICKET_LIVES } from '../package-order.ts';
import { held, holdsTicket } from '../package-readiness.ts';
import { ARCHITECTURES } from '../package-words.ts';

interface FieldsProps {
  readonly kind: PackageKind;
  readonly readiness: PackageReadiness;
  readonly draft: Draft;
  readonly faults: Faults;
  readonly onChange: (changes: Partial<Draft>) => void;
}

type TextField = Exclude<keyof Draft, 'sign'>;
type Typed = ChangeEvent<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>;

/** What ties a field of the page to the one of the draft. */
function binding({ draft, faults, onChange }: FieldsProps) {
  return (field: TextField) => ({
    value: draft[field],
    error: faults[field],
    onChange: (event: Typed) => onChange({ [field]: event.currentTarget.value }),
  });
}

const typed = { autoComplete: 'off', autoCapitalize: 'none', spellCheck: false } as const;
const placeholder = (value: string | number | null): string => (value === null ? '' : String(value));

function ArchitectureField({ readiness, draft, onChange }: FieldsProps) {
  const lack = readiness.architectures.find(({ architecture }) => architecture === draft.architecture)?.lack;
  return (
    <NativeSelect
      label="Processor"
      description="Of the Macs that it is installed on."
      error={lack ?? undefined}
      value={draft.architecture}
      onChange={(event) => onChange({ architecture: event.currentTarget.value as Architecture })}
      data={readiness.architectures.map(({ architecture, lack: missing }) => ({
        value: architecture,
        label: `${ARCHITECTURES[architecture]}${missing === null ? '' : ' (missing here)'}`,
      }))}
    />
  );
}

/** Not of a folder or of Sentinels: there is no one address that another could stand for. */
function RedisFields(props: FieldsProps) {
  const { defaults } = props.readiness;
  const bind = binding(props);
  return (
    <>
      <TextInput
        label="Redis address"
        description="As the new server reaches it."
        placeholder={placeholder(defaults.redis_host)}
        {...typed}
        {...bind('redisHost')}
      />
      <TextInput
        label="Redis port"
        description="As the new server reaches it."
        placeholder={placeholder(defaults.redis_port)}
        inputMode="numeric"
        {...typed}
        {...bind('redisPort')}
      />
    </>
  );
}

function NodeFields(props: FieldsProps) {
  const { defaults } = props.readiness;
  const bind = binding(props);
  return (
    <>
      <TextInput
        label="Node name"
        description="Empty: made of the Mac’s own name."
        placeholder="from the host name"
        {...typed}
        {...bind('nodeName')}
      />
      {defaults.redis_host !== null && <RedisFields {...props} />}
      <NativeSelect
        label="If the Mac has a config.yaml already"
        description="An upgrade keeps it; after a change of secrets, replace it."
        data={[
          { value: 'keep', label: 'Keep it' },
          { value: 'replace', label: 'Replace it, but keep its name' },
        ]}
        {...bind('existingConfig')}
      />
      {holdsTicket(held(props.readiness, props.draft)) && (
        <NativeSelect
          label="Ticket is good for"
          description="Counted from the building."
          data={TICKET_LIVES}
          {...bind('ticketLife')}
        />
      )}
    </>
  );
}

function AgentFields(props: FieldsProps) {
  const bind = binding(props);
  return (
    <>
      <Textarea
        label="Servers"
        description="One address a line. The agent tries them in turn."
        placeholder={props.readiness.defaults.servers.join('\n')}
        rows={3}
        {...typed}
        {...bind('servers')}
      />
      <TextInput
        label="Seconds between two reports"
        description="Empty: as agents do by themselves."
        inputMode="numeric"
        {...typed}
        {...bind('interval')}
      />
    </>
  );
}

function FileFields(props: FieldsProps) {
  const { readiness, draft, onChange } = props;
  const bind = binding(props);
  return (
    <>
      <TextInput
        label="Package name"
        description="Of the file."
        placeholder={readiness.package_name}
        {...typed}
        {...bind('packageName')}
      />
      <TextInput
        label="Note"
        description="For the history below."
        maxLength={256}
        autoComplete="off"
        {...bind('note')}
      />
      {readiness.signing_identity !== null && (
        <Checkbox
          label="Sign it"
          description={`With ${readiness.signing_identity}.`}
          checked={draft.sign}
          onChange={(event) => onChange({ sign: event.currentTarget.checked })}
        />
      )}
    </>
  );
}

export function PackageFields(props: FieldsProps) {
  const { kind, readiness } = props;
  return (
    <div className="at-fields">
      {kind === 'cluster-node' && <NodeFields {...props} />}
      {kind === 'agent' && <AgentFields {...props} />}
      {kind !== 'agent' && (
        <TextInput
          label="Port"
          description="Of the new server’s console and reports."
          placeholder={placeholder(readiness.defaults.port)}
          inputMode="numeric"
          {...typed}
          {...binding(props)('port')}
        />
      )}
      <ArchitectureField {...props} />
      <FileFields {...props} />
    </div>
  );
}
