namespace Corda.Flows.CompilerServices;

/// <summary>Runs a sub-flow in a scope of its own. The frames are part of the checkpoint, so they live here, beside the author's.</summary>
internal static class SubFlowRunner
{
    /// <summary>What the engine does when the scope of a sub-flow ends.</summary>
    internal interface IScopeEnd
    {
        /// <summary>Closes the sessions that the scope opened.</summary>
        FlowTask Close(FlowScope scope);

        /// <summary>Tells the counterparties of the scope's sessions that the sub-flow has failed.</summary>
        void Fail(FlowScope scope, Exception error);
    }

    public static FlowTask<T> Run<T>(FlowScope scope, SubFlow<T> subFlow, IScopeEnd scopeEnd)
    {
        FlowFiber fiber = FlowFiber.Current;
        FlowScope caller = fiber.Scope;
        fiber.Scope = scope;
        try
        {
            return RunInScope(scope, subFlow, scopeEnd);
        }
        finally
        {
            // The caller goes on in its own scope; the sub-flow's frames carry theirs.
            fiber.Scope = caller;
        }
    }

    private static async FlowTask<T> RunInScope<T>(FlowScope scope, SubFlow<T> subFlow, IScopeEnd scopeEnd)
    {
        T result;
        try
        {
            result = await subFlow.Call();
        }
        catch (Exception error)
        {
            scopeEnd.Fail(scope, error);
            throw;
        }

        await scopeEnd.Close(scope);
        return result;
    }
}
