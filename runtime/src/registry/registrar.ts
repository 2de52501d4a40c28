/** One running process of a service, as registries hold it; the JSON that Kratos Go writes and reads. */
export interface ServiceInstance {
  /** Unique among the instances of all services. */
  readonly id: string;
  /** The service's name, under which it is found. */
  readonly name: string;
  readonly version: string;
  /** Facts for those who choose an instance, such as `weight`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** URLs without path and query: `http://10.0.0.7:8000`, `grpc://10.0.0.7:9000`, `https`, `grpcs`. */
  readonly endpoints: readonly string[];
}

/** Writes this process into a registry and takes it out again. */
export interface Registrar {
  /** Resolves once others can find the instance, and keeps it registered. Gives up when `signal` aborts. */
  register(instance: ServiceInstance, signal: AbortSignal): Promise<void>;
  /** Resolves once nobody finds the instance any more. Gives up when `signal` aborts. */
  deregister(instance: ServiceInstance, signal: AbortSignal): Promise<void>;
}
