import { createServer, type Server } from 'node:http';

import { writeFileAtomically, type DurableFileSystem } from '@virnucpro/checkpoint';
import type { Registry } from 'prom-client';

export interface MetricsExporterOptions {
  readonly registry: Registry;
  readonly fileSystem: DurableFileSystem;
  /** Null: nothing listens. */
  readonly port: number | null;
  readonly host: string;
  /** For the node exporter's textfile collector; null: none. */
  readonly file: string | null;
  /** Told once of what does not work; the run goes on. */
  readonly onTrouble: (message: string) => void;
  /** Told where the metrics can be read. */
  readonly onListening: (url: string) => void;
}

const FILE_INTERVAL_MS = 15_000;

/** Gives a run's metrics to Prometheus: on a port when asked to, in a file when asked to. It never stops the run. */
export class MetricsExporter {
  readonly #options: MetricsExporterOptions;
  #server: Server | null = null;
  #timer: NodeJS.Timeout | null = null;
  readonly #troubled = new Set<'port' | 'file'>();

  constructor(options: MetricsExporterOptions) {
    this.#options = options;
  }

  start(): void {
    const { port, file } = this.#options;
    if (port !== null) this.#listen(port);
    if (file === null) return;
    this.#timer = setInterval(() => void this.#writeFile(file), FILE_INTERVAL_MS);
    void this.#writeFile(file);
  }

  /** The file tells the end; nothing listens any more. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#options.file !== null) await this.#writeFile(this.#options.file);
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  #listen(port: number): void {
    const { registry, host, onListening } = this.#options;
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      if (pathname !== '/metrics' || request.method !== 'GET') {
        response.writeHead(404, { 'content-type': 'text/plain' }).end('GET /metrics\n');
        return;
      }
      registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    });
    server.once('error', (error) =>
      this.#trouble('port', `metrics cannot be read on ${host}, port ${port}: ${error.message}`),
    );
    server.listen(port, host, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      onListening(`http://${host}:${bound}/metrics`);
    });
    server.unref();
    this.#server = server;
  }

  async #writeFile(path: string): Promise<void> {
    try {
      await writeFileAtomically(
        this.#options.fileSystem,
        path,
        Buffer.from(await this.#options.registry.metrics()),
      );
    } catch (error) {
      this.#trouble(
        'file',
        `metrics cannot be written to ${path}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  #trouble(what: 'port' | 'file', message: string): void {
    if (this.#troubled.has(what)) return;
    this.#troubled.add(what);
    this.#options.onTrouble(`${message}; the run goes on without`);
  }
}
