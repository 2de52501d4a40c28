import { chromium, type Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { startService } from "../../examples/order-service/test/start-service.ts";
import { findChromium } from "./chromium.ts";

/** Opens a page of the service; `requests` are the addresses of all that it asks for. */
async function open(url: string): Promise<{ page: Page; requests: string[]; errors: string[] }> {
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server"],
  });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const requests: string[] = [];
  const errors: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await page.goto(url);
  return { page, requests, errors };
}

/** Unfolds an operation and begins to try it. */
async function tryOut(page: Page, operation: string) {
  const block = page.locator(`.opblock[id$="${operation}"]`);
  await block.locator(".opblock-summary-control").click();
  await block.getByRole("button", { name: "Try it out" }).click();
  return block;
}

test(
  "the page of the order service shows its calls and makes them",
  { timeout: 120_000 },
  async () => {
    const service = await startService({ apiDocs: true });
    const { page, requests, errors } = await open(`${service.http}/q/swagger-ui`);

    const create = await tryOut(page, "CreateOrder");
    const item = { productId: "prod_1", productName: "Tea", quantity: 2, unitPrice: "150" };
    const order = { userId: "user_1", items: [item], address: "ü 日" };
    await create.locator("textarea.body-param__text").fill(JSON.stringify(order));
    await create.getByRole("button", { name: "Execute" }).click();
    const created = await create
      .locator(".live-responses-table .response-col_description pre")
      .first()
      .textContent();
    const { orderId } = JSON.parse(created ?? "") as { orderId: string };

    const get = await tryOut(page, "GetOrder");
    await get.locator('tr[data-param-name="order_id"] input').fill(orderId);
    await get.getByRole("button", { name: "Execute" }).click();
    const found = await get
      .locator(".live-responses-table .response-col_description pre")
      .first()
      .textContent();
    expect(JSON.parse(found ?? "")).toMatchObject({
      order: { id: orderId, address: "ü 日", totalAmount: "300" },
    });

    await get.locator('tr[data-param-name="order_id"] input').fill("none");
    await get.getByRole("button", { name: "Execute" }).click();
    await get.locator(".live-responses-table").getByText("ORDER_NOT_FOUND").first().waitFor();

    const elsewhere = requests.filter(
      (url) => !url.startsWith(service.http) && !url.startsWith("data:"),
    );
    expect(elsewhere).toEqual([]);
    expect(errors.filter((text) => !text.includes("404"))).toEqual([]);
  },
);
