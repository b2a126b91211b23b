import { parseOrchestratorMessage, type OrchestratorMessage, type WorkerMessage } from '@virnucpro/protocol';

/** The worker's end of the IPC channel: messages are checked on receipt, and sent ones are known to be out. */
export interface ParentChannel {
  /** Resolves when the message is handed to the operating system; also when the parent is gone. */
  send(message: WorkerMessage): Promise<void>;
  onMessage(receive: (message: OrchestratorMessage) => void, invalid: (error: unknown) => void): void;
  onDisconnect(gone: () => void): void;
  close(): void;
}

/** @throws {Error} when this process was not forked with an IPC channel */
export function openParentChannel(ipc: NodeJS.Process = process): ParentChannel {
  if (ipc.send === undefined) {
    throw new Error(
      'this program is started by virnucpro-orchestrate, not by hand: it has no channel to a parent',
    );
  }
  return {
    send: (message) =>
      new Promise((resolve) => {
        if (!ipc.connected) resolve();
        else ipc.send?.(message, () => resolve());
      }),
    onMessage: (receive, invalid) => {
      ipc.on('message', (message) => {
        let parsed: OrchestratorMessage;
        try {
          parsed = parseOrchestratorMessage(message);
        } catch (error) {
          invalid(error);
          return;
        }
        receive(parsed);
      });
    },
    onDisconnect: (gone) => {
      ipc.on('disconnect', gone);
    },
    close: () => {
      ipc.removeAllListeners('disconnect');
      if (ipc.connected) ipc.disconnect();
    },
  };
}
