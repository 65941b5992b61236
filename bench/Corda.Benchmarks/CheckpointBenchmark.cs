using Corda.Flows;

namespace Corda.Benchmarks;

/// <summary>Three nested frames with a try/catch and a foreach across awaits: what saving, restoring and going on costs, and whether it depends on the past.</summary>
internal sealed class NestedFlow
{
    public static async FlowTask<int> Outer(Func<FlowTask<int>> step, int rounds)
    {
        int sum = 0;
        foreach (string name in new List<string> { "Bob", "Charlie" })
        {
            for (int round = 0; round < rounds; round++)
            {
                try
                {
                    sum += await Middle(step, name);
                }
                catch (InvalidOperationException)
                {
                    sum--;
                }
            }
        }

        return sum;
    }

    private static async FlowTask<int> Middle(Func<FlowTask<int>> step, string name) => name.Length + await Inner(step);

    private static async FlowTask<int> Inner(Func<FlowTask<int>> step)
    {
        int first = await step();
        return first + await step();
    }
}
