import type { Logger } from "@kratos-ts/runtime/log";
import {
  errorInvalidName,
  errorUserNotFound,
} from "../../api/helloworld/v1/error_reason_errors.ts";

/** Somebody who was greeted. */
export interface Greeter {
  readonly name: string;
  /** How many times, at least 1. */
  readonly greetings: number;
  readonly lastGreetedAt: Date;
}

/** Where greeters are kept. The data layer implements it; tests use a fake. */
export interface GreeterRepo {
  /** Counts one more greeting, also when many come at once, and returns what is known then. */
  addGreeting(name: string, at: Date): Promise<Greeter>;
  findByName(name: string): Promise<Greeter | undefined>;
}

/** What a {@link GreeterUsecase} works with. */
export interface GreeterUsecaseDeps {
  readonly repo: GreeterRepo;
  readonly logger: Logger;
  /** The clock. Default: the system's. */
  readonly now?: () => Date;
}

/** What the service does, apart from how it is called and where its data lies. */
export class GreeterUsecase {
  readonly #repo: GreeterRepo;
  readonly #logger: Logger;
  readonly #now: () => Date;

  constructor({ repo, logger, now = () => new Date() }: GreeterUsecaseDeps) {
    this.#repo = repo;
    this.#logger = logger;
    this.#now = now;
  }

  /** Greets `name`. Throws `INVALID_NAME`. */
  async greet(name: string): Promise<Greeter> {
    if (!validName.test(name)) {
      throw errorInvalidName("a name has 1 to 100 characters and no control characters");
    }
    const greeter = await this.#repo.addGreeting(name, this.#now());
    this.#logger.info({ name, greetings: greeter.greetings }, "greeted");
    return greeter;
  }

  /** Throws `USER_NOT_FOUND` when nobody of that name was greeted yet. */
  async getGreeter(name: string): Promise<Greeter> {
    // No other name can be in the database, and PostgreSQL would refuse some of them with an error.
    const greeter = validName.test(name) ? await this.#repo.findByName(name) : undefined;
    if (greeter === undefined) {
      throw errorUserNotFound(`nobody called "${name}" was greeted yet`, { metadata: { name } });
    }
    return greeter;
  }
}

const validName = /^[^\p{Cc}]{1,100}$/u;
