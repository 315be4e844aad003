/** The fields of an order. What is left empty is as the grey text says. */
import { Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core';
import type { ChangeEvent } from 'react';
import { PACKAGE_NOTE_MAX_LENGTH } from '../../src/protocol/limits.ts';
import type { Architecture, PackageKind, PackageReadiness } from '../package-api.ts';
import { type Draft, type Faults, TICKET_LIVES } from '../package-order.ts';
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

export const fieldId = (field: keyof Draft): string => `package-${field}`;

/** What ties a field of the page to the one of the draft. */
function binding({ draft, faults, onChange }: FieldsProps) {
  return (field: TextField) => ({
    id: fieldId(field),
    value: draft[field],
    error: faults[field],
    onChange: (event: Typed) => onChange({ [field]: event.currentTarget.value }),
  });
}

const typed = { autoComplete: 'off', autoCapitalize: 'none', spellCheck: false } as const;
const placeholder = (value: string | number | null): string => (value === null ? '' : String(value));

interface LineProps {
  readonly fields: FieldsProps;
  readonly field: TextField;
  readonly label: string;
  readonly description: string;
  /** What holds when it is left empty. */
  readonly usual?: string | number | null;
  readonly isNumber?: boolean;
}

/** One line of text, which no browser fills in or corrects. */
function Line({ fields, field, label, description, usual = null, isNumber = false }: LineProps) {
  return (
    <TextInput
      label={label}
      description={description}
      placeholder={placeholder(usual)}
      {...(isNumber && { inputMode: 'numeric' as const })}
      {...typed}
      {...binding(fields)(field)}
    />
  );
}

function ArchitectureField({ readiness, draft, onChange }: FieldsProps) {
  const lack = readiness.architectures.find(({ architecture }) => architecture === draft.architecture)?.lack;
  return (
    <NativeSelect
      id={fieldId('architecture')}
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
function RedisFields(fields: FieldsProps) {
  const { redis_host: host, redis_port: port } = fields.readiness.defaults;
  const description = 'As the new server reaches it.';
  return (
    <>
      <Line {...{ fields, description }} field="redisHost" label="Redis address" usual={host} />
      <Line {...{ fields, description }} field="redisPort" label="Redis port" usual={port} isNumber />
    </>
  );
}

function NodeFields(props: FieldsProps) {
  const { defaults } = props.readiness;
  const bind = binding(props);
  return (
    <>
      <Line
        fields={props}
        field="nodeName"
        label="Node name"
        description="Empty: made of the Mac’s own name."
        usual="from the host name"
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
  const { servers, interval_seconds: interval } = props.readiness.defaults;
  const bind = binding(props);
  return (
    <>
      <Textarea
        label="Servers"
        description="One address a line. The agent tries them in turn."
        placeholder={servers.join('\n')}
        rows={3}
        {...typed}
        {...bind('servers')}
      />
      <Line
        fields={props}
        field="interval"
        label="Seconds between two reports"
        description="Empty: as this server’s configuration has it for agents."
        usual={interval}
        isNumber
      />
    </>
  );
}

function FileFields(props: FieldsProps) {
  const { readiness, draft, onChange } = props;
  const bind = binding(props);
  return (
    <>
      <Line
        fields={props}
        field="packageName"
        label="Package name"
        description="Of the file."
        usual={readiness.package_name}
      />
      <TextInput
        label="Note"
        description="For the history below."
        maxLength={PACKAGE_NOTE_MAX_LENGTH}
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
        <Line
          fields={props}
          field="port"
          label="Port"
          description="Of the new server’s console and reports."
          usual={readiness.defaults.port}
          isNumber
        />
      )}
      <ArchitectureField {...props} />
      <FileFields {...props} />
    </div>
  );
}
