/** What is inside, by name: what each thing is for, and which of them are secrets. Never a value. */
import type { PackageContent } from '../package-api.ts';
import { Foreign } from './foreign.tsx';
import { Badge } from './state-badge.tsx';
import { TableHead } from './table-head.tsx';
import { TableRegion } from './table-region.tsx';

const SHOWN_CHARACTERS = 4;

export function ContentFingerprint({ fingerprint }: Pick<PackageContent, 'fingerprint'>) {
  return fingerprint === null ? '–' : <code>…{fingerprint.slice(-SHOWN_CHARACTERS)}</code>;
}

/** Secrets first. */
const sorted = (items: readonly PackageContent[]) =>
  items.toSorted((a, b) => Number(b.secret) - Number(a.secret));

export function PackageContents({ items }: { readonly items: readonly PackageContent[] }) {
  return (
    <section aria-labelledby="contents">
      <div className="at-section-head">
        <h2 id="contents">What will be inside</h2>
      </div>
      <TableRegion label="Table of contents of the package" stacks>
        <TableHead columns={['Name', 'Why', 'Secret', 'Fingerprint']} />
        <tbody>
          {sorted(items).map((item) => (
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
    </section>
  );
}
