import { join } from "node:path";
import type { Drafts } from "../drafts.ts";
import { ImportList } from "../import-list.ts";
import { toModule } from "../method-stub.ts";
import { printOnce } from "../print-once.ts";
import type { ProtoServices } from "../proto-services.ts";
import type { ServiceClass } from "../service-class.ts";
import { formatTypescript } from "../source-style.ts";
import type { ServiceLayers } from "./draft-layers.ts";
import { findStandardMethods } from "./layered-stub.ts";
import { printServiceCases } from "./service-cases.ts";

/** Where a test of a service goes. */
export interface ServiceTestOptions {
  /** The folder with `internal/` and `test/`, absolute. */
  readonly project: string;
  readonly proto: ProtoServices;
  readonly drafts: Drafts;
}

/** Drafts a test of a new class over gRPC, on the fake repository, unless there is one. */
export async function draftServiceTest(
  { service, names, path: classPath }: ServiceClass,
  layers: ServiceLayers,
  { project, proto, drafts }: ServiceTestOptions,
): Promise<void> {
  const { resource } = layers;
  const path = join(project, "test", "internal", "service", `${resource.file}.test.ts`);
  const fake = join(project, "test", "internal", "biz", `fake-${resource.file}-repo.ts`);
  // Without the fake there is nothing to test it on.
  if (drafts.has(path) || !drafts.has(fake)) return;
  const standard = findStandardMethods(service, layers);
  const unimplemented = service.methods.filter(
    (method) => method.kind === "unary" && !standard.has(method),
  );
  const cases = printServiceCases(standard, resource);
  if (cases.length === 0 && unimplemented.length === 0) return;
  const imports = new ImportList([`start${resource.type}`]);
  const grpc = toModule(path, proto.generatedFile(service, "grpc"));
  const value = (name: string, from: string): string => imports.add(name, from, false);
  const runtime = "@kratos-ts/runtime";
  for (const name of ["expect", "onTestFinished", "test"]) value(name, "vitest");
  value("GrpcServer", `${runtime}/grpc`);
  value("silentLogger", `${runtime}/log`);
  value("startInMemory", `${runtime}/testing`);
  value(`${resource.type}Usecase`, toModule(path, layers.usecase));
  value(`newFake${resource.type}Repo`, toModule(path, fake));
  const text = await printOnce("layers/service.test.ts", {
    ...resource,
    className: value(names.className, toModule(path, classPath)),
    register: value(`register${service.name}GrpcServer`, grpc),
    createClient: value(`create${service.name}GrpcClient`, grpc),
    grpcClient: imports.add(`${service.name}GrpcClient`, grpc, true),
    unimplemented: unimplemented.map(({ name, localName }) => ({ name, localName })),
    cases,
    imports: imports.list(),
  });
  await drafts.set(path, await formatTypescript(text, path));
}
