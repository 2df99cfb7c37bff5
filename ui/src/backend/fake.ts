// An engine in memory, for tests and for `npm run dev` in a plain browser. Never part of a release bundle.
export { FakeBackend, type FakeOptions } from "./fake/backend";
export { type FakeBucket, type FakeObject, World } from "./fake/world";
export { ipcError } from "./fake/world";
