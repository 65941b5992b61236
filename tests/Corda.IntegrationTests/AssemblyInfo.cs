// Processes compete for few cores: one test class at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
