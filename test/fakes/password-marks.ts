/** Marks in memory, on a disk that may be full, or damaged. */
import type { PasswordMarkStore, PasswordMarks } from '../../src/store/password-marks.ts';

export class FakePasswordMarks implements PasswordMarkStore {
  marks: PasswordMarks | null = null;
  isFull = false;
  isDamaged = false;

  async load(): Promise<PasswordMarks | null> {
    if (this.isDamaged) throw new Error('it does not hold what was noted');
    return this.marks;
  }

  async keep(marks: PasswordMarks): Promise<void> {
    if (this.isFull) throw new Error('no space left on device');
    this.marks = marks;
  }
}
