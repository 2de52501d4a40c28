import { CliError } from "../cli-error.ts";
import type { ServiceFacts } from "../model/service-facts.ts";
import { Drafts } from "./drafts.ts";
import { draftLayers } from "./layers/draft-layers.ts";
import type { Layer, ServiceLayers } from "./layers/draft-layers.ts";
import { draftServiceTest } from "./layers/service-test.ts";
import { printLayeredStub } from "./layers/layered-stub.ts";
import type { ProtoServices } from "./proto-services.ts";
import { draftRegistrations, findLayout } from "./register-classes.ts";
import type { Registration } from "./register-classes.ts";
import { draftClass } from "./service-class.ts";
import type { ServiceClass } from "./service-class.ts";
import { nameService, printStub } from "./service-stub.ts";
import type { ServiceNames } from "./service-stub.ts";

/** What came of {@link addServices}. */
export interface AddedServices {
  readonly classes: readonly ServiceClass[];
  /** The files in which services are registered; empty in a project of another layout. */
  readonly registrations: readonly Registration[];
  /** Fields of messages that the layers do not take up, such as `items of order.v1.Order`. */
  readonly skipped: readonly string[];
  /** What changes; nothing is written yet. */
  readonly drafts: Drafts;
}

/** Where services go. Folders are absolute. */
export interface AddServicesOptions {
  readonly root: string;
  /** Made when it does not exist. */
  readonly folder: string;
  readonly proto: ProtoServices;
  readonly layers: ReadonlySet<Layer>;
}

/**
 * Works out what each service lacks of the `layers`: a class, or methods of one that is there; a use case and a
 * repository, with tests; and how all of them are registered. Writes nothing. Throws CLASS_UNCLEAR, FILE_EXISTS,
 * PROJECT_NOT_FOUND, SOURCE_INVALID.
 */
export async function addServices(
  services: readonly ServiceFacts[],
  { root, folder, proto, layers }: AddServicesOptions,
): Promise<AddedServices> {
  const drafts = new Drafts();
  const project = findLayout(folder, root);
  const isLayered = layers.has("biz") || layers.has("data");
  if (isLayered && project === undefined) {
    throw new CliError("PROJECT_NOT_FOUND", `"${root}" has no internal/server/services.ts`, {
      hint: "layers are written for a project as `kratos-ts new` makes it, leave out --layers",
    });
  }
  const classes: ServiceClass[] = [];
  const layersOf = new Map<ServiceClass, ServiceLayers>();
  const skipped: string[] = [];
  const lefts: Registration[] = [];
  for (const service of services) {
    let own: ServiceLayers | undefined;
    const draft = async (names: ServiceNames): Promise<ServiceLayers | undefined> => {
      if (!isLayered || project === undefined) return undefined;
      own = await draftLayers(service, names, layers, project, drafts);
      lefts.push(...own.left);
      const { message, skipped: fields } = own.resource;
      // Told once, when the layers are written.
      if (fields.length > 0 && drafts.listNew().includes(own.usecase))
        skipped.push(`${fields.join(", ")} of ${message?.typeName ?? ""}`);
      return own;
    };
    if (!layers.has("service")) {
      const [names] = nameService(service);
      if (names !== undefined) await draft(names);
      continue;
    }
    const print = async (names: ServiceNames, path: string): Promise<string> => {
      const found = await draft(names);
      return found === undefined
        ? printStub(service, names, path, proto)
        : printLayeredStub(service, names, path, proto, found);
    };
    const made = await draftClass(service, { folder, proto, drafts, print });
    classes.push(made);
    if (own === undefined) await draft({ ...made.names, className: classNameFor(made) });
    else if (made.isNew && project !== undefined) {
      layersOf.set(made, own);
      await draftServiceTest(made, own, { project, proto, drafts });
    }
  }
  const registrations = await draftRegistrations(
    layers.has("service") ? project : undefined,
    classes,
    layersOf,
    { proto, drafts },
  );
  return { classes, registrations: [...registrations, ...lefts], skipped, drafts };
}

/** What the class would be called, had the user not called it something else. */
function classNameFor({ service, names }: ServiceClass): string {
  const candidates = nameService(service);
  const best = candidates.find(({ fileName }) => fileName === names.fileName) ?? candidates[0];
  return best?.className ?? names.className;
}
