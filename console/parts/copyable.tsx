/** A command or secret with its copy button. The text stays selectable, for browsers without a clipboard. */
import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { Glyph } from './glyph.tsx';

export function Copyable({ text, label }: { readonly text: string; readonly label: string }) {
  const clipboard = useClipboard({ timeout: 2_000 });
  return (
    <div className="at-copyable">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section tabIndex={0} aria-label={label}>
        <code>{text}</code>
      </section>
      <Button
        variant="default"
        size="xs"
        leftSection={<Glyph name={clipboard.copied ? 'check' : 'copy'} size={14} />}
        onClick={() => clipboard.copy(text)}
      >
        <span aria-live="polite">
          {clipboard.copied ? 'Copied' : clipboard.error ? 'Select and copy' : 'Copy'}
        </span>
      </Button>
    </div>
  );
}
