"""The reward models that the paper compares its GRM with, each giving a Verdict (arXiv 2504.02495, section 5.1).

    llm_judge     writes a critique and names the best response; totals: votes, or sums of the names' probabilities
    pairwise      the same for every two responses in both orders; totals: Bradley-Terry log-strengths
    scalar        a classifier's logit for every response, the totals; the same whatever k is
    semi_scalar   criticises one response, then a classifier reads both; totals: sums of logits over k critiques

What they share: `ask` brings completions, `choice` reads an index, `heads` are models with one logit, `poll` turns
what the samples say into a verdict and into accuracy over k.
"""
