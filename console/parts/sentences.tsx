/** A few sentences, one a line; names in them are somebody else's words. */
import { Foreign } from './foreign.tsx';

export function Sentences({ sentences }: { readonly sentences: readonly string[] }) {
  return (
    <ul className="at-sentences">
      {sentences.map((sentence) => (
        <li key={sentence}>
          <Foreign text={sentence} />
        </li>
      ))}
    </ul>
  );
}
