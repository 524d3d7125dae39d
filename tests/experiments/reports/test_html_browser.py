"""``report.html`` in Chromium, opened from disk: what it draws, what clicks and keys show, what it asks for."""

import base64
import json
import shutil
import time

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from experiments.reports.html import scripts
from tests.experiments.reports.hostile import arguments
from tests.experiments.reports.made_up import trouble, tuning_trouble

pytestmark = pytest.mark.browser

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--disable-sync")  # fmt: skip
SMALL = {"activations": ("linear", "tanh", "relu", "elu"), "optimizers": ("batch_gd", "momentum", "nag", "adam")}
WIDTHS = {"desktop": 1280, "phone": 360}
OVERLAPS = """
const meets = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1.5
  && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1.5;
const found = [];
for (const svg of document.querySelectorAll("svg, .grid thead tr")) {
  const texts = [...svg.querySelectorAll("text, th")].filter((each) => each.textContent.trim()
    && getComputedStyle(each).opacity > 0);
  const boxes = texts.map((each) => each.getBoundingClientRect());
  const whole = svg.getBoundingClientRect();
  boxes.forEach((box, at) => { if (box.bottom > whole.bottom + 2) found.push([texts[at].textContent, "below"]); });
  for (let i = 0; i < boxes.length; i++) for (let j = 0; j < i; j++)
    if (boxes[i].width && boxes[j].width && meets(boxes[i], boxes[j]))
      found.push([texts[i].textContent, texts[j].textContent]);
}
return found;"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    binary = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.fail("Chromium and its driver are needed: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    made = webdriver.Chrome(options, webdriver.ChromeService(driver))
    made.set_page_load_timeout(60)
    yield made
    made.quit()


@pytest.fixture(scope="module")
def write(made, page_in, tmp_path_factory, vega):
    """Arguments of a ledger -> the file of its page, with the real scripts."""

    def told(**given):
        folder = tmp_path_factory.mktemp("page")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scripts, "vega", vega)
            page_in(made(**given), folder)
        return folder / "report.html"

    return told


@pytest.fixture(scope="module")
def page(write):
    return write(**SMALL, tuned=True, status=with_trouble)


@pytest.fixture(scope="module")
def largest(write):
    """20 x 20 cells, 5 seeds, all diagnostics."""
    more = [f"keras:activation_{number}" for number in range(11)]
    other = [f"keras:Optimizer{number}" for number in range(11)]
    first = ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu", "maxout", "softmax")
    second = ("batch_gd", "sgd", "momentum", "nag", "adagrad", "rmsprop", "adadelta", "adam", "nadam")
    return write(activations=(*first, *more), optimizers=(*second, *other), seeds=range(5), epochs=20, tuned=True,
                 status=with_trouble)  # fmt: skip


def with_trouble(row):
    return tuning_trouble(row) or (None if row["role"] == "trial" else trouble(row))


def show(driver, path, width=1280, theme="light", media=""):
    """Open a page at that width and theme, and wait until its charts are drawn."""
    features = [{"name": "prefers-color-scheme", "value": theme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features, "media": media})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get("about:blank")
    for kind in ("browser", "performance"):
        driver.get_log(kind)
    driver.get(path.as_uri())
    drawn(driver)


def drawn(driver, seconds=60):
    end = time.monotonic() + seconds
    while driver.execute_script("return document.documentElement.dataset.drawn") != "yes":
        assert time.monotonic() < end, "the charts are not drawn"
        time.sleep(0.05)
    driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


def asked_for(driver):
    """Addresses of all requests since ``show``, those of the page itself apart."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    urls = [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    return [url for url in urls if not url.startswith(("data:", "about:"))]


def words(driver, name):
    return driver.find_element(By.CSS_SELECTOR, f"[data-part={name}]").text


def cell_name(driver):
    return driver.find_element(By.CSS_SELECTOR, ".cell h4").text


def button(driver, row, column):
    return driver.find_element(By.CSS_SELECTOR, f'[aria-label^="{row} with {column}:"]')


def facts(driver):
    pairs = driver.find_elements(By.CSS_SELECTOR, ".facts > div")
    return dict(pair.text.split("\n", 1) for pair in pairs)


def background(driver):
    return driver.execute_script("return getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("which", ["page", "hostile"])
def test_it_opens_without_errors_requests_or_overflow(chromium, page, hostile, which, width, theme):
    path = page if which == "page" else hostile
    show(chromium, path, width, theme)
    assert [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert asked_for(chromium) == [path.as_uri()]
    wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert chromium.execute_script(wide) <= 0
    assert background(chromium) == {"light": "rgb(255, 255, 255)", "dark": "rgb(23, 25, 28)"}[theme]
    empty = "return [...document.querySelectorAll('.plot:not([hidden])')].filter((each) => !each.firstChild).length"
    assert chromium.execute_script(empty) == 0
    assert chromium.execute_script(OVERLAPS) == []


@pytest.fixture(scope="module")
def hostile(write):
    return write(**arguments())


def test_a_click_shows_the_cell(chromium, page, made):
    ledger = made(**SMALL, tuned=True, status=with_trouble)
    show(chromium, page)
    assert cell_name(chromium) == "elu with adam"
    button(chromium, "tanh", "nag").click()
    drawn(chromium)
    assert cell_name(chromium) == "tanh with nag"
    mine = ledger.runs[ledger.runs["activation"].eq("tanh") & ledger.runs["optimizer"].eq("nag")]
    scored = mine[mine["role"].isin(["tuned", "both"])]
    assert facts(chromium)["test accuracy"].startswith(f"{100 * scored['test_metric'].mean():.2f} % (95 % interval")
    assert words(chromium, "why").endswith(".")
    pressed = chromium.find_elements(By.CSS_SELECTOR, '[data-cell][aria-pressed="true"]')
    assert [each.get_attribute("aria-label").partition(":")[0] for each in pressed] == ["tanh with nag"]
    chromium.execute_script("document.querySelector('[data-figure=curves] details').open = true")
    rows = chromium.find_elements(By.CSS_SELECTOR, "[data-figure=curves] tbody tr")
    last = ledger.curves[ledger.curves["key"].isin(scored["key"]) & ledger.curves["epoch"].eq(5)]
    shown = [float(each.text) for each in rows[-1].find_elements(By.TAG_NAME, "td")]
    assert shown[0] == 5
    assert shown[1:4] == pytest.approx(list(100 * last["validation_metric"]), abs=6e-4)
    assert len(chromium.find_elements(By.CSS_SELECTOR, ".cell .plot svg")) == 4
    assert chromium.execute_script("return location.hash") == "#b0-6"


def test_keys_move_and_pick(chromium, page):
    show(chromium, page)
    start = button(chromium, "elu", "adam")
    stops = chromium.find_elements(By.CSS_SELECTOR, '[data-cell][tabindex="0"]')
    assert [each.get_attribute("data-cell") for each in stops] == [start.get_attribute("data-cell")]
    chromium.execute_script("arguments[0].focus()", start)
    for key, expected in ((Keys.ARROW_LEFT, "elu with nag"), (Keys.ARROW_UP, "relu with nag"),
                          (Keys.ARROW_RIGHT, "relu with adam"), (Keys.ARROW_RIGHT, "relu with adam"),
                          (Keys.ARROW_UP, "tanh with adam"), (Keys.ARROW_DOWN, "relu with adam")):  # fmt: skip
        chromium.switch_to.active_element.send_keys(key)
        assert chromium.switch_to.active_element.get_attribute("aria-label").partition(":")[0] == expected
    assert cell_name(chromium) == "elu with adam"
    chromium.switch_to.active_element.send_keys(Keys.ENTER)
    assert cell_name(chromium) == "relu with adam"
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    assert chromium.execute_script(outline) == "solid"


def test_the_first_tab_stop_skips_to_the_report(chromium, page):
    show(chromium, page)
    chromium.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    link = chromium.switch_to.active_element
    assert link.text == "Skip to the report"
    link.send_keys(Keys.ENTER)
    assert chromium.execute_script("return location.hash") == "#main"


def test_lists_pick_too_and_a_failed_cell_says_so(chromium, page):
    show(chromium, page)
    for name, value in (("row", "elu"), ("column", "nag")):
        Select(chromium.find_element(By.CSS_SELECTOR, f"[data-pick={name}]")).select_by_visible_text(value)
    drawn(chromium)
    assert cell_name(chromium) == "elu with nag"
    assert facts(chromium)["test accuracy"] == "failed"
    shown = [each for each in chromium.find_elements(By.CSS_SELECTOR, ".empty") if each.is_displayed()]
    assert len(shown) >= 3
    assert [each for each in chromium.get_log("browser") if each["level"] == "SEVERE"] == []


def test_a_diverged_cell_is_drawn_with_crosses(chromium, page):
    show(chromium, page)
    button(chromium, "linear", "momentum").click()
    time.sleep(0.5)
    assert facts(chromium)["seeds"] == "3 diverged (at chance level in the mean)"
    assert "diverged" in words(chromium, "rule")
    crosses = chromium.find_elements(By.CSS_SELECTOR, '[data-figure=curves] path[stroke="var(--alarm)"]')
    assert len(crosses) == 3


def test_a_link_leads_to_a_cell(chromium, page):
    show(chromium, page)
    chromium.get("about:blank")
    chromium.get(f"{page.as_uri()}#b0-6")
    drawn(chromium)
    assert cell_name(chromium) == "tanh with nag"


def test_the_button_turns_the_theme_and_the_charts_with_it(chromium, page):
    show(chromium, page)
    colour = "return getComputedStyle(document.querySelector('.plot svg text')).fill"
    before = chromium.execute_script(colour)
    theme = chromium.find_element(By.ID, "theme")
    theme.click()
    assert theme.get_attribute("aria-pressed") == "true"
    assert background(chromium) == "rgb(23, 25, 28)"
    assert chromium.execute_script(colour) != before
    chromium.refresh()
    drawn(chromium)
    assert background(chromium) == "rgb(23, 25, 28)"
    chromium.find_element(By.ID, "theme").click()
    assert background(chromium) == "rgb(255, 255, 255)"
    chromium.execute_script("localStorage.clear()")


def test_on_paper_everything_vital_is_there(chromium, page):
    show(chromium, page, 740, "dark", "print")
    assert background(chromium) == "rgb(255, 255, 255)"
    hidden = [chromium.find_element(By.CSS_SELECTOR, each) for each in ("nav", "#theme", ".pick")]
    assert not [each for each in hidden if each.is_displayed()]
    tables = "[...document.querySelectorAll('details[data-print] table')]"
    kept = chromium.execute_script(f"return {tables}.map((each) => each.checkVisibility() && each.offsetHeight)")
    assert kept
    assert min(kept) > 20
    wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert chromium.execute_script(wide) <= 0
    printed = base64.b64decode(chromium.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert printed.startswith(b"%PDF")
    assert 3 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") + printed.count(b"/Type /Page/") <= 20


def test_without_scripts_words_and_tables_remain(chromium, page):
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        chromium.get("about:blank")
        chromium.get(page.as_uri())
        assert "Scripts are switched off" in chromium.find_element(By.TAG_NAME, "main").text
        assert button(chromium, "relu", "adam").is_displayed()
        assert not chromium.find_element(By.CSS_SELECTOR, ".cell").is_displayed()
        assert chromium.find_element(By.CSS_SELECTOR, "[data-print] summary").is_displayed()
    finally:
        chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_largest_grid_is_small_quick_and_clear(chromium, largest, width):
    assert largest.stat().st_size < 10e6
    # The page's own processor time, charts included: a busy machine makes the clock on the wall say nothing.
    chromium.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    show(chromium, largest, width)
    metrics = chromium.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    spent = {each["name"]: each["value"] for each in metrics}
    assert 0 < spent["TaskDuration"] < 3
    assert len(chromium.find_elements(By.CSS_SELECTOR, "[data-cell]")) == 400
    assert chromium.execute_script(OVERLAPS) == []
    wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert chromium.execute_script(wide) <= 0
