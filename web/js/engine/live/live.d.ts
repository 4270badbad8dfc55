// What web/engine/firetower_live.mjs has beside the functions of an engine, kept by hand; tests/wasm compares the names with
// the module's.

import type { EngineModule, Reply } from '../engine.d.ts';

export interface PushOptions {
  rows: number;
  labels: boolean;
  times: boolean;
  sourceRows: boolean;
  statuses: boolean;
  referenceBytes: number;
  nowMs: number;
  keepLog: boolean;
}

export interface LogScan {
  blocks: number;
  rows: number;
  firstSequence: number;
  nextSequence: number;
  wholeBytes: number;
}

export interface LiveModule extends EngineModule {
  takeRows(): number;
  readColumns(): Float64Array;
  readLabels(): Float64Array;
  readOffsets(): Float64Array;
  readStatuses(): Int32Array;
  readStatusInputs(): Int32Array;
  applyScenario(scenario: string, since: number, rows: number, labelled: boolean): Reply;
  inputNumbers(count: number): Float64Array;
  scenarioFraudRate(scenario: string): number;
  openLive(bytes: number): Reply;
  closeLive(): void;
  liveConfigure(bytes: number): Reply;
  livePush(options: PushOptions): Reply;
  liveProbabilities(): Float64Array;
  liveStatuses(): Int32Array;
  liveStatusInputs(): Int32Array;
  liveLogBlock(): Uint8Array;
  liveNextSequence(): number;
  setLiveNextSequence(next: number): void;
  liveNoteMalformed(count: number, reason: string, sample: string): void;
  liveNoteLatency(microsPerRow: number, rows: number): void;
  liveNoteDelay(ms: number, rows: number): void;
  liveTick(nowMs: number, sinceGeneration: number): string;
  liveStats(): string;
  liveColumn(feature: string): Reply;
  liveRows(feature: string, low: number, high: number, max: number): Reply;
  liveAcknowledge(episode: number, nowMs: number): boolean;
  liveSilence(rule: string, untilMs: number): boolean;
  liveRules(): string;
  liveSummary(window: boolean): string;
  liveMerge(bytes: number): Reply;
  liveCheckpoint(): string;
  liveRestore(bytes: number): Reply;
  liveRecentLog(): Uint8Array;
  logText(bytes: number, csv: boolean): Uint8Array;
  logHeader(csv: boolean): string;
  scanLog(bytes: number): LogScan;
}
