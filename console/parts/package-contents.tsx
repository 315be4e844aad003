/** What is inside, by name: what each thing is for, and which of them are secrets. Never a value. */
import type { PackageContent } from '../package-api.ts';
import { Foreign } from './foreign.tsx';
import { Glyph } from './glyph.tsx';
import { Badge } from './state-badge.tsx';
import { TableHead } from './table-head.tsx';
import { TableRegion } from './table-region.tsx';

const SHOWN_CHARACTERS = 4;

export function ContentFingerprint({ fingerprint }: Pick<PackageContent, 'fingerprint'>) {
  return fingerprint === null ? '–' : <code>…{fingerprint.slice(-SHOWN_CHARACTERS)}</code>;
}

interface ContentTableProps {
  readonly label: string;
  readonly items: readonly PackageContent[];
}

function ContentTable({ label, items }: ContentTableProps) {
  return (
    <TableRegion label={label} stacks>
      <TableHead columns={['Name', 'Why', 'Secret', 'Fingerprint']} />
      <tbody>
        {items.map((item) => (
          <tr key={item.name}>
            <th scope="row">
              <Foreign text={item.name} />
            </th>
            <td data-label="Why">
              <Foreign text={item.why} />
            </td>
            <td className={item.secret ? '' : 'at-nothing'} data-label="Secret">
              {item.secret ? <Badge word="Secret" shape="triangle" tone="warn" /> : 'no'}
            </td>
            <td className={item.fingerprint === null ? 'at-nothing' : ''} data-label="Fingerprint">
              <ContentFingerprint {...item} />
            </td>
          </tr>
        ))}
      </tbody>
    </TableRegion>
  );
}

/** The secrets stand open; of the settings there are many, and nobody loses anything with them. */
interface PackageContentsProps {
  readonly items: readonly PackageContent[];
  /** What somebody may look for in vain; null for nothing. */
  readonly absence: string | null;
}

export function PackageContents({ items, absence }: PackageContentsProps) {
  const secrets = items.filter(({ secret }) => secret);
  const others = items.filter(({ secret }) => !secret);
  return (
    <section className="at-contents" aria-labelledby="contents">
      <h2 id="contents">What will be inside</h2>
      {secrets.length > 0 && <ContentTable label="Table of the secrets inside" items={secrets} />}
      {absence !== null && <p className="at-small">{absence}</p>}
      {others.length > 0 && (
        <details className="at-words" open={secrets.length === 0}>
          <summary>
            <Glyph name="fold" size={14} />
            {others.length === 1 ? '1 thing that is no secret' : `${others.length} things that are no secret`}
          </summary>
          <ContentTable label="Table of what is no secret" items={others} />
        </details>
      )}
    </section>
  );
}
