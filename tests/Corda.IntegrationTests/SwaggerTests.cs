using Corda.IntegrationTests.Support;

namespace Corda.IntegrationTests;

/// <summary>The first thing that anybody does: choose a flow in Swagger UI, press Execute, and see what it answers.</summary>
public sealed class SwaggerTests : IDisposable
{
    private const string Start =
        "[...document.querySelectorAll('.opblock-post')].find(o => o.querySelector('.opblock-summary-path').dataset.path === '/api/v1/flow/{holdingIdentityShortHash}')";

    private readonly string dataFolder = Directory.CreateTempSubdirectory("corda-swagger-").FullName;

    [BrowserFact]
    public async Task A_flow_chosen_in_Swagger_UI_starts_as_it_stands_there_and_its_result_is_shown()
    {
        using var host = new HostProcess(dataFolder);
        await host.StartReadyAsync();
        await using HeadlessBrowser browser = await HeadlessBrowser.StartAsync();

        await browser.GoToAsync(new Uri(host.Url, "/swagger"));
        await browser.WaitForAsync(Start, "the operation that starts flows");
        await browser.EvaluateAsync($"{Start}.querySelector('.opblock-summary-control').click()");
        await browser.WaitForAsync($"{Start}.querySelector('.try-out__btn')", "'Try it out'");
        // The button is drawn before it listens.
        await browser.WaitForAsync($"{Start}.querySelector('.execute') || ({Start}.querySelector('.try-out__btn:not(.cancel)')?.click(), false)", "'Execute'");
        await ChooseAsync(browser, $"{Start}.querySelector('.opblock-section-request-body .examples-select select')", "PingPong");
        await browser.WaitForAsync($"{Start}.querySelector('textarea').value.includes('Corda.Samples.PingPong')", "the request for PingPong");
        await browser.EvaluateAsync($"{Start}.querySelector('.execute').click()");
        await browser.WaitForAsync($"{Start}.querySelector('.live-responses-table .response-col_status')", "an answer");

        string answer = (string?)await browser.EvaluateAsync($"{Start}.querySelector('.live-responses-table').innerText") ?? "";
        Assert.Contains("\n200", answer, StringComparison.Ordinal);
        Assert.Contains("\"flowStatus\": \"COMPLETED\"", answer, StringComparison.Ordinal);
        Assert.Contains("rounds", answer, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(dataFolder, recursive: true);

    /// <summary>As a person would: the page's own code sees only what comes as an event.</summary>
    private static async Task ChooseAsync(HeadlessBrowser browser, string list, string text) => await browser.EvaluateAsync(
        $$"""
        (() => {
            const list = {{list}};
            const choice = [...list.options].find(option => option.text === '{{text}}');
            Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(list, choice.value);
            list.dispatchEvent(new Event('change', { bubbles: true }));
        })()
        """);
}
