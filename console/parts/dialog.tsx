/** A dialog with its title and close button. Its head is no <header>: that would be a second banner of the page. */
import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';

interface DialogProps {
  readonly title: string;
  readonly opened: boolean;
  readonly wide?: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function Dialog({ title, opened, wide = false, onClose, children }: DialogProps) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={wide ? 'lg' : 'md'} centered>
      <Modal.Overlay />
      <Modal.Content>
        <div className="at-dialog-head">
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
