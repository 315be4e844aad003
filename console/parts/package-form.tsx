/** All that is decided before a package is built, and the button. */
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { FormEvent } from 'react';
import { Link } from 'wouter';
import type { PackageKind, PackageOrder, PackageReadiness } from '../package-api.ts';
import { faultsOf } from '../package-faults.ts';
import { type Draft, orderOf } from '../package-order.ts';
import { absence, held, obstacles, refusalOf, refusedFields } from '../package-readiness.ts';
import { CREDENTIALS, KINDS, type NodeCredentials } from '../package-words.ts';
import { useHealthCheck } from '../queries.ts';
import { ChoiceCards } from './package-choice.tsx';
import { PackageContents } from './package-contents.tsx';
import { PackageFields } from './package-fields.tsx';
import { PackagePassword } from './package-password.tsx';
import { PackageReadinessStrip } from './package-readiness.tsx';
import { PackageWarning } from './package-warning.tsx';

interface PackageFormProps {
  readonly kind: PackageKind;
  /** Of what stands in the form, once the server has seen it. */
  readonly readiness: PackageReadiness;
  readonly isCurrent: boolean;
  readonly draft: Draft;
  readonly onChange: (changes: Partial<Draft>) => void;
  readonly onBuild: (order: PackageOrder) => void;
}

function Refusal({ title, sentences }: { readonly title: string; readonly sentences: readonly string[] }) {
  return (
    <section className="at-panel at-empty" aria-labelledby="refusal">
      <h2 id="refusal">{title}</h2>
      {sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      <p>
        <Link href="/settings/cluster">Cluster Health Monitor</Link>
      </p>
    </section>
  );
}

const CREDENTIAL_CHOICES = (Object.keys(CREDENTIALS) as NodeCredentials[]).map((value) => ({
  value,
  ...CREDENTIALS[value],
}));

type OrderFormProps = Omit<PackageFormProps, 'onBuild' | 'isCurrent'> & {
  readonly isReady: boolean;
  readonly onOrder: () => void;
};

function OrderForm({ kind, readiness, draft, onChange, isReady, onOrder }: OrderFormProps) {
  const faults = { ...refusedFields(readiness, draft), ...faultsOf(kind, draft) };
  const inside = held(readiness, draft);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onOrder();
  };
  return (
    <form className="at-stack" onSubmit={submit}>
      {kind === 'cluster-node' && (
        <ChoiceCards
          legend="How it carries the credentials"
          choices={CREDENTIAL_CHOICES}
          chosen={draft.credentials}
          onChoose={(credentials) => onChange({ credentials })}
        />
      )}
      <section className="at-panel" aria-label="Settings of the package">
        <PackageFields {...{ kind, readiness, draft, faults, onChange }} />
      </section>
      {inside && <PackageContents items={inside.items} absence={absence(readiness, inside)} />}
      {inside && <PackageWarning kind={kind} credentials={inside.credentials} />}
      <div className="at-build">
        <Button type="submit" disabled={!isReady || Object.keys(faults).length > 0}>
          {KINDS[kind].button}
        </Button>
        {obstacles(readiness).length > 0 && (
          <p className="at-small">
            <a href="#readiness">Something has to be mended first.</a>
          </p>
        )}
      </div>
    </form>
  );
}

export function PackageForm({ onBuild, ...form }: PackageFormProps) {
  const { kind, readiness, draft, isCurrent } = form;
  const { data: health } = useHealthCheck();
  const [isAsking, dialog] = useDisclosure(false);
  const isReady = isCurrent && obstacles(readiness).length === 0;
  const refusal = refusalOf(kind, health);
  const build = () => {
    dialog.close();
    onBuild(orderOf(kind, draft));
  };
  return (
    <>
      {refusal && <Refusal {...refusal} />}
      <PackageReadinessStrip readiness={readiness} isCurrent={isCurrent} />
      {!refusal && <OrderForm {...form} isReady={isReady} onOrder={dialog.open} />}
      <PackagePassword
        title={KINDS[kind].button}
        opened={isAsking}
        onClose={dialog.close}
        onConfirmed={build}
      />
    </>
  );
}
