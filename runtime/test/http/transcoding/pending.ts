/** A fact that no case shows yet. */
export interface PendingCase {
  readonly id: string;
  /** What it waits for. */
  readonly pendingBy: string;
}

export const pendingCases: readonly PendingCase[] = [];
