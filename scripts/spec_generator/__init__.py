"""What scripts/generate-spec is made of: `spec` reads and checks, the others write one output each."""
