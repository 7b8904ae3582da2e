"""Knights, who always tell the truth, and knaves, who always lie: who is what?"""
